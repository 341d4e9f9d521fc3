// The shop's benchmarked requests on Fastify and Mercurius.
// DATABASE_URL, PORT and JIT (0: off, Mercurius's default) come from the environment.

import Fastify from 'fastify'
import mercurius from 'mercurius'
import { connect } from './database.js'
import { createProduct, toProduct } from './products.js'

const schema = `
  enum ProductStatus { DRAFT ACTIVE ARCHIVED }
  enum OrderStatus { PENDING PAID SHIPPED DELIVERED CANCELLED }
  enum ProductSortKey { CREATED_AT NAME PRICE STOCK }
  enum ErrorCode { REQUIRED TOO_LONG INVALID OUT_OF_RANGE TAKEN }

  type Money { amount: String! currency: String! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Product {
    id: ID! sku: String! name: String! slug: String! description: String!
    price: Money! stock: Int! status: ProductStatus! createdAt: String!
  }
  type ProductEdge { cursor: String! node: Product! }
  type ProductConnection { edges: [ProductEdge!]! pageInfo: PageInfo! }
  type OrderLine { sku: String! quantity: Int! unitPrice: Money! product: Product }
  type OrderLineEdge { node: OrderLine! }
  type OrderLineConnection { edges: [OrderLineEdge!]! }
  type Order {
    id: ID! number: String! status: OrderStatus! total: Money! lines: OrderLineConnection!
  }
  type UserError { field: [String!]! code: ErrorCode! message: String! }
  type CreateProductPayload { product: Product userErrors: [UserError!]! }

  input MoneyInput { amount: String! currency: String! }
  input ProductSort { by: ProductSortKey! = CREATED_AT }
  input CreateProductInput {
    sku: String! name: String! price: MoneyInput! description: String! = ""
    stock: Int! = 0 status: ProductStatus! = ACTIVE
  }

  type Query {
    products(first: Int! = 20, sort: ProductSort): ProductConnection!
    order(number: String!): Order
  }
  type Mutation { createProduct(input: CreateProductInput!): CreateProductPayload! }
`

const SORT_COLUMNS = { CREATED_AT: 'created_at', NAME: 'name', PRICE: 'price_minor', STOCK: 'stock' }
const database = await connect(process.env.DATABASE_URL)

const toMoney = (minor, currency) => ({ amount: (minor / 100).toFixed(2), currency })
const toCursor = (...position) => Buffer.from(JSON.stringify(position)).toString('base64')
const marks = (values) => values.map(() => '?').join(', ')

async function products (_, { first, sort }) {
  const column = SORT_COLUMNS[sort?.by ?? 'CREATED_AT']
  const rows = await database.all(
    `SELECT * FROM products ORDER BY ${column}, id LIMIT ${first + 1}`, []
  )
  const edges = rows.slice(0, first).map((row) => (
    { cursor: toCursor(column, row[column], row.id), node: toProduct(row) }
  ))
  const pageInfo = { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null }
  return { edges, pageInfo }
}

async function order (_, { number }) {
  const [row] = await database.all('SELECT * FROM orders WHERE number = ?', [number])
  if (!row) return null
  return { ...row, status: row.status.toUpperCase(), total: toMoney(row.total_minor, row.currency) }
}

async function linesOfOrders (queries) {
  const ids = queries.map(({ obj }) => obj.id)
  const rows = await database.all(
    `SELECT * FROM order_lines WHERE order_id IN (${marks(ids)}) ORDER BY position`, ids
  )
  return ids.map((id) => ({
    edges: rows.filter((row) => row.order_id === id).map((row) => (
      { node: { ...row, unitPrice: toMoney(row.unit_price_minor, row.currency) } }
    ))
  }))
}

async function productsOfLines (queries) {
  const ids = [...new Set(queries.map(({ obj }) => obj.product_id))]
  const rows = await database.all(`SELECT * FROM products WHERE id IN (${marks(ids)})`, ids)
  const byId = new Map(rows.map((row) => [row.id, toProduct(row)]))
  return queries.map(({ obj }) => byId.get(obj.product_id) ?? null)
}

const app = Fastify()
app.register(mercurius, {
  schema,
  resolvers: {
    Query: { products, order },
    Mutation: { createProduct: (_, { input }) => createProduct(database, input) }
  },
  loaders: { Order: { lines: linesOfOrders }, OrderLine: { product: productsOfLines } },
  jit: Number(process.env.JIT ?? 0)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await app.close()
    await database.close()
  })
}
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
