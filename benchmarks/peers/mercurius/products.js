// Shaping, checking and inserting products.

const INSERT = `INSERT INTO products (sku, name, slug, description, search_text, price_minor,
  currency, stock, status, rating_total, rating_count, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`
const STOCK_MAX = 1_000_000_000

export function toProduct (row) {
  return {
    id: Buffer.from(`Product:${row.id}`).toString('base64'),
    sku: row.sku,
    name: row.name,
    slug: row.slug,
    description: row.description,
    price: { amount: (row.price_minor / 100).toFixed(2), currency: row.currency },
    stock: row.stock,
    status: row.status.toUpperCase(),
    createdAt: row.created_at instanceof Date ? row.created_at.toISOString() : row.created_at
  }
}

export async function createProduct (database, input) {
  const userErrors = problemsOf(input)
  if (userErrors.length) return { product: null, userErrors }
  const now = new Date()
  const row = {
    sku: input.sku.trim(),
    name: input.name.trim(),
    slug: slugOf(input.name),
    description: input.description,
    search_text: [input.name, input.sku, input.description].filter(Boolean).join('\n').toLowerCase(),
    price_minor: Math.round(Number(input.price.amount) * 100),
    currency: input.price.currency,
    stock: input.stock,
    status: input.status.toLowerCase(),
    created_at: database.toTime(now),
    updated_at: database.toTime(now)
  }
  try {
    row.id = await database.insert(INSERT, Object.values(row))
  } catch (error) {
    if (!database.isDuplicate(error)) throw error
    return { product: null, userErrors: [problem('sku', 'TAKEN', 'The sku or slug is taken.')] }
  }
  return { product: toProduct(row), userErrors: [] }
}

function problemsOf ({ sku, name, price, stock }) {
  const problems = [...textProblems('sku', sku, 64), ...textProblems('name', name, 200)]
  if (!/^\d{1,12}(\.\d{1,2})?$/.test(price.amount)) {
    problems.push(problem('price', 'INVALID', 'amount must be a decimal number.'))
  }
  if (!/^[A-Z]{3}$/.test(price.currency)) {
    problems.push(problem('price', 'INVALID', 'currency must be an ISO 4217 code.'))
  }
  if (stock < 0 || stock > STOCK_MAX) {
    problems.push(problem('stock', 'OUT_OF_RANGE', `stock must lie between 0 and ${STOCK_MAX}.`))
  }
  return problems
}

function textProblems (field, value, lengthMax) {
  if (!value.trim()) return [problem(field, 'REQUIRED', `${field} must not be empty.`)]
  if (value.length <= lengthMax) return []
  return [problem(field, 'TOO_LONG', `${field} is limited to ${lengthMax} characters.`)]
}

const problem = (field, code, message) => ({ field: [field], code, message })

function slugOf (name) {
  return name.normalize('NFKD').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')
}
