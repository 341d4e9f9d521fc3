// One interface over mysql2's pool and better-sqlite3: all() reads, insert() returns the new id.

import Database from 'better-sqlite3'
import mysql from 'mysql2/promise'

export async function connect (url) {
  return url.startsWith('sqlite://') ? openSqlite(url.slice('sqlite://'.length)) : openMysql(url)
}

function openMysql (url) {
  const pool = mysql.createPool({ uri: url, timezone: 'Z' })
  return {
    all: async (sql, values) => (await pool.execute(sql, values))[0],
    insert: async (sql, values) => (await pool.execute(sql, values))[0].insertId,
    isDuplicate: (error) => error.code === 'ER_DUP_ENTRY',
    toTime: (date) => date,
    close: () => pool.end()
  }
}

function openSqlite (path) {
  const database = new Database(path)
  // It is built to flush less often than SQLite's own default; all parties flush every commit.
  database.pragma('synchronous = FULL')
  const statements = new Map()
  const prepared = (sql) => {
    if (!statements.has(sql)) statements.set(sql, database.prepare(sql))
    return statements.get(sql)
  }
  return {
    all: async (sql, values) => prepared(sql).all(...values),
    insert: async (sql, values) => Number(prepared(sql).run(...values).lastInsertRowid),
    isDuplicate: (error) => error.code === 'SQLITE_CONSTRAINT_UNIQUE',
    toTime: (date) => date.toISOString(),
    close: async () => database.close()
  }
}
