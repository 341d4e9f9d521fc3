"""Placing an order: guarded updates reserve its stock, for all lines or none."""

import functools
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
import pycountry
from tortoise.expressions import F

from service.clock import utc_now
from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, Problem, Rejected, raise_if_any, reject
from service.models import Order, OrderLine, OrderStatus, Product, ProductStatus, User
from service.models.order import IDEMPOTENCY_KEY_LENGTH_MAX
from service.money import AMOUNT_MINOR_MAX
from service.operations.orders import in_lock_order
from service.operations.products import unknown_product
from service.operations.rules.access import Principal, acting_user
from service.operations.rules.validation import Checks
from service.operations.rules.visibility import may_see_product
from service.operations.users import unknown_user
from service.text.forms import is_storable

LINES_PER_ORDER_MAX = 100
QUANTITY_MAX = 100_000
ADDRESS_FIELD_LENGTH_MAX = 200
# Crockford's base 32 leaves out letters that are easily confused, also on the telephone.
NUMBER_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the order goes; `country` is an ISO 3166-1 alpha-2 code."""

    name: str
    line1: str
    city: str
    country: str
    line2: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A number of pieces of a product."""

    product_id: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """The input of `place_order`; without a customer it is the caller's."""

    items: tuple[Item, ...]
    shipping_address: Address
    customer_id: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Reservations:
    """The most that one customer may reserve without paying."""

    orders_max: int = 10
    pieces_max: int = 1_000


async def place_order(
    caller: Principal, new: NewOrder, bounds: Reservations = Reservations()
) -> Order:
    """Reserve the stock and create the order, or return the one that the key created earlier.

    Raises `Rejected`: bad values, unknown or inactive products, too little stock
    (one problem for each line), products of several currencies, a key that was used
    with another input, or more than a customer may reserve.
    """
    customer_id = acting_user(caller, new.customer_id, "customerId")
    address = _checked(new)
    digest = _digest(customer_id, new)

    async def work() -> Order:
        # Of two simultaneous calls with one key, the loser's insert violates the unique key;
        # its reservation is rolled back, and its second attempt finds the winner's order.
        earlier = await _earlier(customer_id, new, digest)
        if earlier is not None:
            return earlier
        if not caller.is_staff:
            await _raise_if_too_much(customer_id, new, bounds)
        return await _reserve_and_create(caller, customer_id, new, address, digest)

    try:
        return await in_one_transaction(work, again_if=is_transient_or_duplicate)
    except Rejected:
        # While this call waited for a lock, a call with the same key may have taken the stock.
        twin = await _earlier(customer_id, new, digest)
        if twin is None:
            raise
        return twin


def _checked(new: NewOrder) -> dict[str, str]:
    checks = Checks()
    if not 1 <= len(new.items) <= LINES_PER_ORDER_MAX:
        message = f"An order has 1 to {LINES_PER_ORDER_MAX} lines."
        checks.add(ErrorCode.OUT_OF_RANGE, message, "lines")
    for index, item in enumerate(new.items):
        line = Checks("lines", str(index))
        line.number(item.quantity, "quantity", 1, QUANTITY_MAX)
        checks.problems += line.problems
    if len({item.product_id for item in new.items}) < len(new.items):
        checks.add(ErrorCode.INVALID, "Each product may be in one line only.", "lines")
    key = new.idempotency_key
    if key is not None and not 1 <= len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        message = f"A key has 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters."
        checks.add(ErrorCode.OUT_OF_RANGE, message, "idempotencyKey")
    elif key is not None and not is_storable(key):
        message = "idempotencyKey has characters that cannot be stored."
        checks.add(ErrorCode.INVALID, message, "idempotencyKey")
    address = _checked_address(new.shipping_address, checks)
    checks.raise_if_any()
    return address


def _checked_address(address: Address, checks: Checks) -> dict[str, str]:
    on_address = Checks("shippingAddress")
    optional = {"line2": "line2", "postal_code": "postalCode"}
    values = {
        name: on_address.text(
            value, optional.get(name, name), ADDRESS_FIELD_LENGTH_MAX, required=name not in optional
        )
        for name, value in asdict(address).items()
    }
    country = values["country"]
    if country and country not in _countries():
        message = f"{country!r} is not an ISO 3166-1 code of two letters such as IR."
        on_address.add(ErrorCode.INVALID, message, "country")
    checks.problems += on_address.problems
    return values


@functools.cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries)


def _digest(customer_id: int, new: NewOrder) -> str:
    contents = {
        "customer": customer_id,
        "items": [asdict(item) for item in new.items],
        "address": asdict(new.shipping_address),
    }
    return hashlib.sha256(orjson.dumps(contents, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def _earlier(customer_id: int, new: NewOrder, digest: str) -> Order | None:
    if new.idempotency_key is None:
        return None
    order = await Order.get_or_none(customer_id=customer_id, idempotency_key=new.idempotency_key)
    if order is not None and order.input_digest != digest:
        message = f"The key was used for order {order.number}, which has other contents."
        raise reject(ErrorCode.IDEMPOTENCY_CONFLICT, message, "idempotencyKey")
    return order


async def _raise_if_too_much(customer_id: int, new: NewOrder, bounds: Reservations) -> None:
    # The lock makes a customer's orders be counted one at a time.
    await User.select_for_update().get_or_none(id=customer_id)
    unpaid = await Order.filter(customer_id=customer_id, status=OrderStatus.PENDING).only("id")
    if len(unpaid) >= bounds.orders_max:
        message = f"{len(unpaid)} orders are unpaid; pay or cancel one of them first."
        raise reject(ErrorCode.UNPAID_LIMIT, message)
    reserved = await OrderLine.filter(order_id__in=[order.id for order in unpaid])
    pieces = sum(line.quantity for line in reserved) + sum(item.quantity for item in new.items)
    if pieces > bounds.pieces_max:
        message = (
            f"With this order, {pieces} pieces would be reserved and unpaid; "
            f"{bounds.pieces_max} may be. Order fewer, or pay first."
        )
        raise reject(ErrorCode.UNPAID_LIMIT, message, "lines")


async def _reserve_and_create(
    caller: Principal, customer_id: int, new: NewOrder, address: dict[str, str], digest: str
) -> Order:
    reserved = await _reserve(new.items)
    products = await Product.in_bulk([item.product_id for item in new.items], "id")
    raise_if_any(_shortages(caller, new.items, products, reserved))
    total_minor = sum(products[i.product_id].price_minor * i.quantity for i in new.items)
    if total_minor > AMOUNT_MINOR_MAX:
        raise reject(ErrorCode.OUT_OF_RANGE, "The order's total is too large.", "lines")
    currency = _common_currency(new.items, products)
    if not await User.filter(id=customer_id, active=True).exists():
        raise unknown_user("customerId")
    now = utc_now()
    order = await Order.create(
        number=_number(now),
        customer_id=customer_id,
        status=OrderStatus.PENDING,
        currency=currency,
        total_minor=total_minor,
        idempotency_key=new.idempotency_key,
        input_digest=digest,
        shipping_address=address,
        placed_at=now,
        updated_at=now,
    )
    await OrderLine.bulk_create(_lines(order, new.items, products))
    return order


async def _reserve(items: Sequence[Item]) -> set[int]:
    """Take the stock of each line where there is enough; return the products that had it."""
    reserved: set[int] = set()
    for product_id, quantity in in_lock_order((i.product_id, i.quantity) for i in items):
        taken = await Product.filter(
            id=product_id, status=ProductStatus.ACTIVE, stock__gte=quantity
        ).update(stock=F("stock") - quantity, updated_at=utc_now())
        if taken:
            reserved.add(product_id)
    return reserved


def _shortages(
    caller: Principal, items: Sequence[Item], products: dict[int, Product], reserved: set[int]
) -> list[Problem]:
    problems = []
    for index, item in enumerate(items):
        if item.product_id not in reserved:
            problem = _why_not(caller, item, products.get(item.product_id))
            problems.append(problem.under("lines", str(index)))
    return problems


def _why_not(caller: Principal, item: Item, product: Product | None) -> Problem:
    is_hidden = product is not None and not may_see_product(caller, product)
    if product is None or is_hidden:
        return unknown_product("productId").problems[0]
    if product.status is not ProductStatus.ACTIVE:
        message = f"{product.sku} is not for sale."
        return Problem(ErrorCode.NOT_FOR_SALE, message, ("productId",))
    message = f"{product.sku} has {product.stock} in stock, not {item.quantity}."
    return Problem(ErrorCode.OUT_OF_STOCK, message, ("quantity",))


def _common_currency(items: Sequence[Item], products: dict[int, Product]) -> str:
    currencies = sorted({products[item.product_id].currency for item in items})
    if len(currencies) > 1:
        message = f"One order has one currency, not {' and '.join(currencies)}."
        raise reject(ErrorCode.CURRENCY_MISMATCH, message, "lines")
    return currencies[0]


def _lines(order: Order, items: Sequence[Item], products: dict[int, Product]) -> list[OrderLine]:
    return [
        OrderLine(
            order_id=order.id,
            product_id=item.product_id,
            position=position,
            sku=products[item.product_id].sku,
            name=products[item.product_id].name,
            unit_price_minor=products[item.product_id].price_minor,
            currency=order.currency,
            quantity=item.quantity,
        )
        for position, item in enumerate(items, start=1)
    ]


def _number(now: datetime) -> str:
    """`261124-7QX2M9K`: the day and 35 random bits, readable but useless for counting orders."""
    tail = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(NUMBER_LENGTH))
    return f"{now:%y%m%d}-{tail}"
