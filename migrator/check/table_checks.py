"""Each selected table, against what the migration can carry over.

Sources: MySQL and MariaDB, information_schema; MongoDB Manual, "MongoDB Limits and
Thresholds" and "Field Names with Periods and Dollar Signs".
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from migrator.check.findings import Finding, fail, ok, warn
from migrator.check.source_checks import Source, Variables, current_user
from migrator.errors import SourceError, SourceUnavailable
from migrator.mysql.catalogue import Scope, Table, quoted
from migrator.mysql.columns import Column, ColumnType, TableName
from migrator.settings import Settings, target_trouble

DECIMAL_DIGITS_MAX = 34
DATE_FRACTION_MAX = 3
NAMESPACE_BYTES_MAX = 255
TRANSACTIONAL = frozenset({"InnoDB", "ROCKSDB", "NDBCLUSTER", "ndbcluster", "TokuDB"})
HIDDEN_ACTIONS = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
FOREIGN_KEYS_LOGGED = (9, 6)
"""From this version on MySQL runs the actions of foreign keys where its log sees them."""

OTHER_TYPES = """
    SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES
    WHERE TABLE_TYPE <> 'BASE TABLE'
    ORDER BY TABLE_SCHEMA, TABLE_NAME
"""
FOREIGN_KEYS = """
    SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME,
           UPDATE_RULE, DELETE_RULE
    FROM information_schema.REFERENTIAL_CONSTRAINTS
    ORDER BY CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME
"""
FOLDED_KEYS = """
    SELECT k.TABLE_SCHEMA, k.TABLE_NAME, c.COLUMN_NAME, c.COLLATION_NAME
    FROM information_schema.STATISTICS k
    JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME)
    WHERE k.INDEX_NAME = 'PRIMARY' AND c.COLLATION_NAME LIKE '%\\_ci'
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.SEQ_IN_INDEX
"""


async def table_findings(
    source: Source, variables: Variables, scope: Scope, tables: Sequence[Table], settings: Settings
) -> list[Finding]:
    """What stands in the way of each table, and what will look different in MongoDB."""
    found = [*_selection(scope, tables), *_places(tables, settings)]
    for table in tables:
        found += [*await _readable(source, table.name), *_key(table), *_engine(table)]
        found += _columns(table, settings)
    found += await _not_tables(source, scope)
    found += await _foreign_keys(source, variables, scope)
    found += await _folded_keys(source, scope)
    return found


def _selection(scope: Scope, tables: Sequence[Table]) -> Iterator[Finding]:
    databases = {table.name.database for table in tables}
    for database in scope.databases:
        if database not in databases:
            what = "No table of this database is selected, or we may see none."
            yield fail(f"Database {database}", what, "look for a misspelling, or grant SELECT.")
    if not tables and not scope.databases:
        yield fail("include", "No table matches the patterns.", "look for a misspelling.")
    if tables:
        yield ok("Selection", f"{len(tables)} tables of {', '.join(sorted(databases))}.")


def _places(tables: Sequence[Table], settings: Settings) -> Iterator[Finding]:
    for database in sorted({table.name.database for table in tables}):
        target = settings.mapping.get(database, database)
        if trouble := target_trouble(target):
            what = f"It cannot be the target's database {target!r}: {trouble}."
            yield fail(f"Database {database}", what, f'mapping = {{{database} = "another_name"}}')
    taken: dict[str, list[TableName]] = defaultdict(list)
    for table in tables:
        place = settings.places.place(table.name)
        # MongoDB has no two databases whose names differ in the case of letters only.
        taken[f"{place.database.lower()}.{place.collection}"].append(table.name)
        if place.collection.startswith("system.") or "$" in place.collection:
            yield fail(
                str(table.name), "MongoDB forbids that name of a collection.", _without(table)
            )
        elif len(str(place).encode()) > NAMESPACE_BYTES_MAX:
            what = f"{place} has more than {NAMESPACE_BYTES_MAX} bytes."
            yield fail(str(table.name), what, "map the database to a shorter name.")
    for place_name, names in taken.items():
        if len(names) > 1:
            what = f"{' and '.join(map(str, names))} would share one collection."
            yield fail(place_name, what, "map one of the databases to another name.")


async def _readable(source: Source, name: TableName) -> list[Finding]:
    where = f"{quoted(name.database)}.{quoted(name.name)}"
    try:
        await source.query(f"SELECT * FROM {where} LIMIT 0")  # noqa: S608 - A quoted name.
    except SourceUnavailable:
        raise
    except SourceError as error:
        mend = f"GRANT SELECT ON {where} TO {await current_user(source)};"
        return [fail(str(name), str(error), mend)]
    return []


def _key(table: Table) -> Iterator[Finding]:
    subject = str(table.name)
    if not table.key:
        what = "It has neither a primary key nor a unique key of columns that are NOT NULL."
        yield fail(subject, what, f"{_alter(table)} ADD PRIMARY KEY (...); {_without(table)}")
    for column in table.key_columns:
        if column.type in {ColumnType.FLOAT, ColumnType.DOUBLE}:
            what = f"{column.name}, a part of its key, is a floating number: it equals nothing."
            mend = f"{_alter(table)} MODIFY {quoted(column.name)} DECIMAL(...); {_without(table)}"
            yield fail(subject, what, mend)


def _engine(table: Table) -> Iterator[Finding]:
    if table.engine not in TRANSACTIONAL:
        what = f"{table.engine} has no transactions: what the log says may not have happened."
        yield warn(str(table.name), what, f"{_alter(table)} ENGINE = InnoDB;")


def _columns(table: Table, settings: Settings) -> Iterator[Finding]:
    subject = str(table.name)
    only_key = table.key_columns[0].name if len(table.key) == 1 else ""
    for column in table.columns:
        name = column.name
        rename = f"{_alter(table)} RENAME COLUMN {quoted(name)} TO ...; {_without(table)}"
        if name == "_id" and only_key != "_id":
            yield fail(subject, "Its column _id is not the key, but MongoDB's name of it.", rename)
        if name.startswith("$"):
            yield fail(subject, f"MongoDB cannot replace a document with the field {name}.", rename)
        if _is_cut(column, settings):
            what = f"{name} has microseconds, and a BSON date milliseconds: the rest is cut off."
            yield warn(subject, what, 'microseconds = "string" in migrator.toml keeps them.')
        if column.type is ColumnType.NEWDECIMAL and column.metadata >> 8 > DECIMAL_DIGITS_MAX:
            what = f"{name} has {column.metadata >> 8} digits, Decimal128 34: it becomes a string."
            yield warn(subject, what)


def _is_cut(column: Column, settings: Settings) -> bool:
    """Whether the column's last digits do not fit into a BSON date."""
    is_date = column.type in {ColumnType.DATETIME2, ColumnType.TIMESTAMP2}
    return is_date and column.metadata > DATE_FRACTION_MAX and settings.microseconds == "truncate"


async def _not_tables(source: Source, scope: Scope) -> list[Finding]:
    found = []
    for database, name, kind in await source.query(OTHER_TYPES):
        table = TableName(database, name)
        if not scope.wants(table):
            continue
        if "VIEW" in kind:
            found.append(ok(str(table), "is a view, and is left out."))
        else:
            what = f"It is a {str(kind).lower()}, which is not carried over."
            found.append(fail(str(table), what, f'exclude = ["{table}"] in migrator.toml.'))
    return found


async def _foreign_keys(source: Source, variables: Variables, scope: Scope) -> list[Finding]:
    if _are_actions_logged(source, variables):
        return []
    mend = _log_actions(source)
    return [
        warn(
            str(TableName(database, child)),
            f"Its foreign key {key} changes rows when {parent} changes (ON UPDATE {update}, ON "
            f"DELETE {delete}), and the log hides these changes: THEY WILL NOT ARRIVE.",
            mend,
        )
        for database, child, key, parent, update, delete in await source.query(FOREIGN_KEYS)
        if scope.wants(TableName(database, child)) and {update, delete} & HIDDEN_ACTIONS
    ]


def _are_actions_logged(source: Source, variables: Variables) -> bool:
    if source.server.is_mariadb:
        return variables.get("rpl_use_binlog_events_for_fk_cascade") == "ON"
    is_new = source.server.version_tuple >= FOREIGN_KEYS_LOGGED
    return is_new and variables.get("innodb_native_foreign_keys", "OFF") == "OFF"


def _log_actions(source: Source) -> str:
    if source.server.is_mariadb:
        return "ON ... RESTRICT, and let the program change the rows."
    if source.server.version_tuple >= FOREIGN_KEYS_LOGGED:
        return "write innodb_native_foreign_keys=OFF in the configuration; restart the server."
    return "upgrade to MySQL 9.6 or newer, or ON ... RESTRICT and let the program change the rows."


async def _folded_keys(source: Source, scope: Scope) -> list[Finding]:
    return [
        ok(
            str(TableName(database, table)),
            f"{column}, a part of its key, is compared by {collation}: MongoDB tells apart what "
            "the server takes for equal, and _id has the letters of the row.",
        )
        for database, table, column, collation in await source.query(FOLDED_KEYS)
        if scope.wants(TableName(database, table))
    ]


def _alter(table: Table) -> str:
    return f"ALTER TABLE {quoted(table.name.database)}.{quoted(table.name.name)}"


def _without(table: Table) -> str:
    return f'or exclude = ["{table.name}"] in migrator.toml.'
