"""The rows that every party finds: plain values, in the columns of the service's own schema."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

PRODUCTS = 1_000
USERS = 200
ORDERS = 1_000
LINES_PER_ORDER = 3
START = datetime(2026, 1, 1, tzinfo=UTC)
DESCRIPTION = "Black tea from the gardens of Lahijan, picked in spring."

Row = tuple[str | int | datetime, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name, its columns as SQL lists them, and its rows."""

    name: str
    columns: str
    rows: Iterable[Row]

    def insert(self, mark: str) -> str:
        """The statement for one row, with the driver's mark for a value."""
        marks = ", ".join([mark] * len(self.columns.split(",")))
        return f"INSERT INTO {self.name} ({self.columns}) VALUES ({marks})"


def order_number(index: int) -> str:
    """The number of order 1, 2, ..."""
    return f"B{index:07}"


def amount_of(index: int) -> str:
    """The price of product 1, 2, ... in euros."""
    return f"{_minor(index) // 100}.{_minor(index) % 100:02}"


def tables() -> Iterator[Table]:
    """All rows, parents first."""
    yield Table(
        "users",
        "id, email, email_key, password_hash, full_name, role, active, created_at, updated_at",
        _users(),
    )
    yield Table(
        "products",
        "id, sku, name, slug, description, search_text, price_minor, currency, stock, status, "
        "rating_total, rating_count, created_at, updated_at",
        _products(),
    )
    yield Table(
        "orders",
        "id, number, customer_id, status, currency, total_minor, input_digest, "
        "shipping_address, placed_at, paid_at, updated_at",
        _orders(),
    )
    yield Table(
        "order_lines",
        "id, order_id, product_id, position, sku, name, unit_price_minor, currency, quantity",
        _lines(),
    )


def _minor(index: int) -> int:
    return 1_000 + index


def _time(index: int) -> datetime:
    return START + timedelta(minutes=index)


def _users() -> Iterator[Row]:
    for i in range(1, USERS + 1):
        email, at = f"user{i}@example.com", _time(i)
        yield i, email, email, "nobody logs in", f"User {i}", "customer", 1, at, at


def _products() -> Iterator[Row]:
    for i in range(1, PRODUCTS + 1):
        sku, name, at = f"BENCH-{i:05}", f"Product {i:05}", _time(i)
        search = f"{name}\n{sku}\n{DESCRIPTION}".casefold()
        slug = name.lower().replace(" ", "-")
        yield (
            i, sku, name, slug, DESCRIPTION, search, _minor(i), "EUR", 500, "active", 0, 0, at, at,
        )  # fmt: skip


def _products_of(order: int) -> list[int]:
    return [(order * 7 + position * 331) % PRODUCTS + 1 for position in range(LINES_PER_ORDER)]


def _orders() -> Iterator[Row]:
    address = orjson.dumps(
        {
            "name": "Sara Ahmadi", "line1": "Vali-Asr 12", "line2": "", "postal_code": "",
            "city": "Tehran", "country": "IR",
        }
    ).decode()  # fmt: skip
    for i in range(1, ORDERS + 1):
        total = sum(_minor(product) * 2 for product in _products_of(i))
        number, customer, at = order_number(i), i % USERS + 1, _time(i)
        yield i, number, customer, "paid", "EUR", total, f"{i:064x}", address, at, at, at


def _lines() -> Iterator[Row]:
    for order in range(1, ORDERS + 1):
        for position, product in enumerate(_products_of(order)):
            line = (order - 1) * LINES_PER_ORDER + position + 1
            sku, name = f"BENCH-{product:05}", f"Product {product:05}"
            yield line, order, product, position, sku, name, _minor(product), "EUR", 2
