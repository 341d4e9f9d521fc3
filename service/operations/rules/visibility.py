"""Which rows a caller may see: the queries that every list and lookup begins with."""

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from service.models import (
    JobRun,
    Notification,
    Order,
    OrderLine,
    Product,
    ProductStatus,
    Review,
    ReviewStatus,
    User,
)
from service.operations.rules.access import Principal

_SHOWN = (ProductStatus.ACTIVE, ProductStatus.ARCHIVED)
"""A status that this version does not know is not shown."""


def listed_products(caller: Principal) -> QuerySet[Product]:
    """What lists show: all products to staff, others only what is on sale."""
    query = Product.all()
    return query if caller.is_staff else query.filter(status=ProductStatus.ACTIVE)


def visible_products(caller: Principal) -> QuerySet[Product]:
    """Staff see all; others see no drafts, but archived products: they may have ordered them."""
    query = Product.all()
    return query if caller.is_staff else query.filter(status__in=_SHOWN)


def may_see_product(caller: Principal, product: Product) -> bool:
    """The rule of `visible_products` for a product that was already loaded."""
    return caller.is_staff or product.status in _SHOWN


def visible_reviews(caller: Principal) -> QuerySet[Review]:
    """Staff see all; others the approved ones and their own."""
    query = Review.all()
    if caller.is_staff:
        return query
    approved = Q(status=ReviewStatus.APPROVED)
    return query.filter(approved | Q(user_id=caller.user_id) if caller.user_id else approved)


def visible_orders(caller: Principal) -> QuerySet[Order]:
    """Staff see all; customers their own; visitors none."""
    query = Order.all()
    return query if caller.is_staff else query.filter(customer_id=caller.user_id or 0)


def visible_order_lines(caller: Principal) -> QuerySet[OrderLine]:
    """The lines of the visible orders."""
    query = OrderLine.all()
    return query if caller.is_staff else query.filter(order__customer_id=caller.user_id or 0)


def visible_users(caller: Principal) -> QuerySet[User]:
    """Staff see all; users themselves; visitors nobody."""
    query = User.all()
    return query if caller.is_staff else query.filter(id=caller.user_id or 0)


def visible_notifications(caller: Principal) -> QuerySet[Notification]:
    """Administrators of the machine see all; users, staff included, their own."""
    query = Notification.all()
    if caller.is_staff and caller.user_id is None:
        return query
    return query.filter(user_id=caller.user_id or 0)


def visible_job_runs(caller: Principal) -> QuerySet[JobRun]:
    """Staff see all; others none."""
    query = JobRun.all()
    return query if caller.is_staff else query.filter(id=0)
