"""What staff do with products."""

from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import F

from service.clock import utc_now
from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, Problem, Rejected, raise_if_any, reject
from service.models import Product, ProductStatus, UserRole
from service.models.product import (
    DESCRIPTION_LENGTH_MAX,
    NAME_LENGTH_MAX,
    SKU_LENGTH_MAX,
    SLUG_LENGTH_MAX,
    STOCK_MAX,
)
from service.operations.product_writer import PendingInsert, ProductWriter, insert_all
from service.operations.rules.access import Principal, require
from service.operations.rules.slugs import is_slug, slug_of
from service.operations.rules.validation import Checks
from service.text.folding import folded

PRODUCTS_PER_CALL_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """The input of `create_product`; the price is `amount` as a decimal string."""

    sku: str
    name: str
    amount: str
    currency: str
    slug: str | None = None
    description: str = ""
    stock: int = 0
    status: ProductStatus = ProductStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanges:
    """The input of `update_product`; None leaves a value as it is."""

    sku: str | None = None
    name: str | None = None
    slug: str | None = None
    description: str | None = None
    price: tuple[str, str] | None = None
    """The amount as a decimal string, and the currency."""
    status: ProductStatus | None = None


async def create_product(writer: ProductWriter, caller: Principal, new: NewProduct) -> Product:
    """Add one product. Raises `Rejected` for bad values and for a taken sku or slug."""
    require(caller, UserRole.STAFF)
    return await writer.insert(_pending(new))


async def create_products(caller: Principal, new: Sequence[NewProduct]) -> list[Product]:
    """Add up to `PRODUCTS_PER_CALL_MAX` products, or none of them.

    Raises `Rejected` whose fields begin with `products` and the index in the input.
    """
    require(caller, UserRole.STAFF)
    if not 1 <= len(new) <= PRODUCTS_PER_CALL_MAX:
        message = f"Send 1 to {PRODUCTS_PER_CALL_MAX} products at a time, not {len(new)}."
        raise reject(ErrorCode.OUT_OF_RANGE, message, "products")
    inserts = _all_pending(new)

    async def work() -> list[Product]:
        outcomes = await insert_all(inserts)
        _raise_indexed({i: o for i, o in enumerate(outcomes) if isinstance(o, Rejected)})
        return [insert.product for insert in inserts]

    return await in_one_transaction(work, again_if=is_transient_or_duplicate)


def _all_pending(new: Sequence[NewProduct]) -> list[PendingInsert]:
    inserts: list[PendingInsert] = []
    refused: dict[int, Rejected] = {}
    for index, item in enumerate(new):
        try:
            inserts.append(_pending(item))
        except Rejected as rejected:
            refused[index] = rejected
    _raise_indexed(refused)
    return inserts


def _raise_indexed(refused: dict[int, Rejected]) -> None:
    raise_if_any(
        [
            problem.under("products", str(index))
            for index, rejected in refused.items()
            for problem in rejected.problems
        ]
    )


def _pending(new: NewProduct) -> PendingInsert:
    checks = Checks()
    sku = checks.text(new.sku, "sku", SKU_LENGTH_MAX)
    name = checks.text(new.name, "name", NAME_LENGTH_MAX)
    description = checks.text(
        new.description, "description", DESCRIPTION_LENGTH_MAX, required=False
    )
    price = checks.money(new.amount, new.currency, "price")
    stock = checks.number(new.stock, "stock", 0, STOCK_MAX)
    checks.choice(new.status, "status")
    slug = None if new.slug is None else _checked_slug(checks, new.slug)
    checks.raise_if_any()
    now = utc_now()
    product = Product(
        sku=sku,
        name=name,
        slug=slug_of(name, sku) if slug is None else slug,
        description=description,
        search_text=folded(name, sku, description),
        price_minor=price.minor,
        currency=price.currency,
        stock=stock,
        status=new.status,
        created_at=now,
        updated_at=now,
    )
    return PendingInsert(product, slug_is_given=new.slug is not None)


def _checked_slug(checks: Checks, slug: str) -> str:
    slug = checks.text(slug, "slug", SLUG_LENGTH_MAX)
    if 0 < len(slug) <= SLUG_LENGTH_MAX and not is_slug(slug):
        message = "slug may have letters, digits and single hyphens between them."
        checks.add(ErrorCode.INVALID, message, "slug")
    return slug


async def update_product(caller: Principal, product_id: int, changes: ProductChanges) -> Product:
    """Change what is given. Raises `Rejected` as `create_product` does, or if it is unknown."""
    require(caller, UserRole.STAFF)

    async def work() -> Product:
        product = await Product.select_for_update().get_or_none(id=product_id)
        if product is None:
            raise unknown_product()
        before = {"sku": product.sku, "slug": product.slug}
        _apply(product, changes)
        await _raise_if_taken(product, before)
        # Stock and rating change by statements of their own, which a full save would undo. A
        # status that this version does not know stays as it is unless another one is given.
        status = () if changes.status is None else ("status", "sequence")
        await product.save(update_fields=_EDITABLE + status)
        return product

    return await in_one_transaction(work, again_if=is_transient_or_duplicate)


_EDITABLE = (
    "sku", "name", "slug", "description", "search_text",
    "price_minor", "currency", "updated_at",
)  # fmt: skip


def _apply(product: Product, changes: ProductChanges) -> None:
    checks = Checks()
    if changes.sku is not None:
        product.sku = checks.text(changes.sku, "sku", SKU_LENGTH_MAX)
    if changes.name is not None:
        product.name = checks.text(changes.name, "name", NAME_LENGTH_MAX)
    if changes.slug is not None:
        product.slug = _checked_slug(checks, changes.slug)
    if changes.description is not None:
        product.description = checks.text(
            changes.description, "description", DESCRIPTION_LENGTH_MAX, required=False
        )
    if changes.price is not None:
        price = checks.money(*changes.price, "price")
        product.price_minor, product.currency = price.minor, price.currency
    if changes.status is not None:
        checks.choice(changes.status, "status")
    if changes.status is not None and changes.status is not product.status:
        # Clients that follow the list see the product again.
        product.status, product.sequence = changes.status, None
    checks.raise_if_any()
    product.search_text = folded(product.name, product.sku, product.description)
    product.updated_at = utc_now()


async def _raise_if_taken(product: Product, before: dict[str, str]) -> None:
    problems = []
    for field, old in before.items():
        value = getattr(product, field)
        if value != old and await Product.filter(**{field: value}).exclude(id=product.id).exists():
            message = f"Another product has the {field} {value!r}."
            problems.append(Problem(ErrorCode.TAKEN, message, (field,)))
    raise_if_any(problems)


async def archive_product(caller: Principal, product_id: int) -> Product:
    """Take a product off sale and keep it for its orders; archiving twice changes nothing."""
    return await update_product(caller, product_id, ProductChanges(status=ProductStatus.ARCHIVED))


async def adjust_stock(caller: Principal, product_id: int, delta: int) -> Product:
    """Add `delta` pieces, or take them away if negative, in one statement.

    Raises `Rejected` (OUT_OF_STOCK) when fewer are there than are to be taken.
    """
    require(caller, UserRole.STAFF)
    checks = Checks()
    checks.number(delta, "delta", -STOCK_MAX, STOCK_MAX)
    checks.raise_if_any()

    async def work() -> Product:
        changed = await Product.filter(
            id=product_id, stock__gte=-delta, stock__lte=STOCK_MAX - delta
        ).update(stock=F("stock") + delta, updated_at=utc_now())
        product = await Product.get_or_none(id=product_id)
        if product is None:
            raise unknown_product()
        if not changed and delta > 0:
            raise reject(ErrorCode.OUT_OF_RANGE, f"Stock is limited to {STOCK_MAX}.", "delta")
        if not changed:
            message = f"{product.sku} has {product.stock} in stock; {-delta} cannot be taken away."
            raise reject(ErrorCode.OUT_OF_STOCK, message, "delta")
        return product

    return await in_one_transaction(work)


def unknown_product(*field: str) -> Rejected:
    """The refusal for an id that no product has."""
    return reject(ErrorCode.NOT_FOUND, "There is no such product.", *(field or ("id",)))
