"""The ceiling: aiohttp handlers that take the same variables and answer the same JSON.

No GraphQL, no ORM, no sessions, no log. `python -m benchmarks.peers.bare_aiohttp`, with
`DATABASE_URL` and `PORT` in the environment; each operation has a path of its own.
"""

import os
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import uvloop
from aiohttp import web
from slugify import slugify

from benchmarks.peers.bare_database import Database, Duplicate, connect

DATABASE = web.AppKey("database", Database)
STOCK_MAX = 1_000_000_000
STATUSES = frozenset({"DRAFT", "ACTIVE", "ARCHIVED"})
INSERT = (
    "INSERT INTO products (sku, name, slug, description, search_text, price_minor, currency, stock,"
    " status, rating_total, rating_count, created_at, updated_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, %s, %s)"
)
PAGE = (
    "SELECT id, sku, name, slug, price_minor, currency, stock, status, created_at"
    " FROM products ORDER BY name, id LIMIT %s"
)
ORDER = "SELECT id, number, status, total_minor, currency FROM orders WHERE number = %s"
LINES = (
    "SELECT l.sku, l.quantity, l.unit_price_minor, l.currency, p.id, p.name, p.stock"
    " FROM order_lines l JOIN products p ON p.id = l.product_id"
    " WHERE l.order_id = %s ORDER BY l.position"
)
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


async def create_product(request: web.Request) -> web.Response:
    """Insert one product."""
    given = orjson.loads(await request.read())["input"]
    if problems := _problems(given):
        return _answer({"createProduct": {"product": None, "userErrors": problems}})
    now = datetime.now(UTC)
    name, sku, description = given["name"].strip(), given["sku"].strip(), given["description"]
    slug, minor = slugify(name, allow_unicode=True), _minor(given["price"]["amount"])
    currency, stock = given["price"]["currency"], given["stock"]
    status = given["status"].lower()
    search_text = "\n".join(part.casefold() for part in (name, sku, description) if part)
    row = (sku, name, slug, description, search_text, minor, currency, stock, status, now, now)
    try:
        row_id = await request.app[DATABASE].insert(INSERT, row)
    except Duplicate:
        problems = [_problem("sku", "TAKEN", "The sku or slug is taken.")]
        return _answer({"createProduct": {"product": None, "userErrors": problems}})
    product = _product((row_id, sku, name, slug, minor, currency, stock, status, now))
    return _answer({"createProduct": {"product": product, "userErrors": []}})


async def products(request: web.Request) -> web.Response:
    """A page of products by name."""
    first = orjson.loads(await request.read())["first"]
    if not isinstance(first, int) or not 0 <= first <= 100:
        raise web.HTTPBadRequest(text="first must lie between 0 and 100.")
    rows = await request.app[DATABASE].all(PAGE, (first + 1,))
    edges = [{"cursor": _cursor("name", row[2], row[0]), "node": _product(row)} for row in rows]
    edges = edges[:first]
    end = edges[-1]["cursor"] if edges else None
    page_info = {"hasNextPage": len(rows) > first, "endCursor": end}
    return _answer({"products": {"edges": edges, "pageInfo": page_info}})


async def order(request: web.Request) -> web.Response:
    """An order with its lines and their products."""
    number = orjson.loads(await request.read())["number"]
    if not isinstance(number, str):
        raise web.HTTPBadRequest(text="number must be a string.")
    rows = await request.app[DATABASE].all(ORDER, (number,))
    if not rows:
        return _answer({"order": None})
    order_id, number, status, total_minor, currency = rows[0]
    lines = await request.app[DATABASE].all(LINES, (order_id,))
    shaped = {
        "number": number,
        "status": status.upper(),
        "total": _money(total_minor, currency),
        "lines": {"edges": [{"node": _line(row)} for row in lines]},
    }
    return _answer({"order": shaped})


def _problems(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    problems = [*_text_problems(given, "sku", 64), *_text_problems(given, "name", 200)]
    if not _AMOUNT.fullmatch(given["price"]["amount"]):
        problems.append(_problem("price", "INVALID", "amount must be a decimal number."))
    if not _CURRENCY.fullmatch(given["price"]["currency"]):
        problems.append(_problem("price", "INVALID", "currency must be an ISO 4217 code."))
    if not isinstance(given["stock"], int) or not 0 <= given["stock"] <= STOCK_MAX:
        message = f"stock must lie between 0 and {STOCK_MAX}."
        problems.append(_problem("stock", "OUT_OF_RANGE", message))
    if given["status"] not in STATUSES:
        problems.append(_problem("status", "INVALID", "status must be DRAFT, ACTIVE or ARCHIVED."))
    return problems


def _text_problems(given: Mapping[str, Any], field: str, length_max: int) -> list[dict[str, Any]]:
    value = given.get(field)
    if not isinstance(value, str) or not value.strip():
        return [_problem(field, "REQUIRED", f"{field} must not be empty.")]
    if len(value) > length_max:
        return [_problem(field, "TOO_LONG", f"{field} is limited to {length_max} characters.")]
    return []


def _problem(field: str, code: str, message: str) -> dict[str, Any]:
    return {"field": [field], "code": code, "message": message}


def _product(row: Sequence[Any]) -> dict[str, Any]:
    row_id, sku, name, slug, minor, currency, stock, status, created_at = row
    return {
        "id": b64encode(b"Product:%d" % row_id).decode(),
        "sku": sku,
        "name": name,
        "slug": slug,
        "price": _money(minor, currency),
        "stock": stock,
        "status": status.upper(),
        "createdAt": created_at,
    }


def _line(row: Sequence[Any]) -> dict[str, Any]:
    sku, quantity, minor, currency, product_id, name, stock = row
    product = {"id": b64encode(b"Product:%d" % product_id).decode(), "name": name, "stock": stock}
    unit_price = {"amount": _money(minor, currency)["amount"]}
    return {"sku": sku, "quantity": quantity, "unitPrice": unit_price, "product": product}


def _minor(amount: str) -> int:
    units, _, rest = amount.partition(".")
    return int(units) * 100 + int(rest.ljust(2, "0"))


def _money(minor: int, currency: str) -> dict[str, str]:
    return {"amount": f"{minor // 100}.{minor % 100:02}", "currency": currency}


def _cursor(*position: object) -> str:
    return b64encode(orjson.dumps(position)).decode()


def _answer(data: Mapping[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps({"data": data}), content_type="application/json")


async def _database(app: web.Application) -> AsyncIterator[None]:
    async with connect(os.environ["DATABASE_URL"]) as app[DATABASE]:
        yield


def build_app() -> web.Application:
    """The three handlers over one database."""
    app = web.Application()
    app.cleanup_ctx.append(_database)
    app.router.add_post("/CreateProduct", create_product)
    app.router.add_post("/Products", products)
    app.router.add_post("/Order", order)
    return app


if __name__ == "__main__":
    web.run_app(
        build_app(),
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        access_log=None,
        loop=uvloop.new_event_loop(),
    )
