"""Users: the type, its lists, registering and logging in."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import Private

from service import models
from service.models import UserRole
from service.operations.reading.lookups import possible
from service.operations.reading.paging import Sort
from service.operations.rules.visibility import (
    visible_notifications,
    visible_orders,
    visible_reviews,
    visible_users,
)
from service.schema.relay.connections import (
    SEQUENCE_DESCRIPTION,
    Arguments,
    Connection,
    SortDirection,
    connect,
    connect_children,
)
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id
from service.schema.relay.loaders import Children
from service.schema.types.notifications import NOTIFICATIONS_NEWEST_FIRST, Notification
from service.schema.types.orders import ORDERS_NEWEST_FIRST, Order
from service.schema.types.reviews import REVIEWS_NEWEST_FIRST, Review
from service.text.forms import email_keys

strawberry.enum(UserRole, description="Each may do what the one before may.")


@strawberry.type(description="An account.")
class User(Node):
    """Plain attributes, filled from the row at once; only relations are resolved."""

    key: Private[int]
    email: str
    full_name: str
    role: UserRole
    active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: models.User) -> "User":
        """Shape a row; the password's hash stays behind."""
        return cls(
            id=global_id("User", row.id),
            key=row.id,
            email=row.email,
            full_name=row.full_name,
            role=row.role,
            active=row.active,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="What the user has ordered, the newest first.")
    async def orders(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Annotated["Order", strawberry.lazy("service.schema.types.orders")]]:
        """Load the orders of all users of the page together."""
        loaders = info.context.loaders
        children = Children(visible_orders, (loaders.caller,), "customer_id", self.key)
        arguments = Arguments(first, after, last, before)
        return await connect_children(loaders, children, ORDERS_NEWEST_FIRST, arguments, Order.of)

    @strawberry.field(description="What the user has reviewed, the newest first.")
    async def reviews(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Annotated["Review", strawberry.lazy("service.schema.types.reviews")]]:
        """Load the reviews of all users of the page together."""
        loaders = info.context.loaders
        children = Children(visible_reviews, (loaders.caller,), "user_id", self.key)
        arguments = Arguments(first, after, last, before)
        return await connect_children(loaders, children, REVIEWS_NEWEST_FIRST, arguments, Review.of)

    @strawberry.field(description="The user's messages, the newest first.")
    async def notifications(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[
        Annotated["Notification", strawberry.lazy("service.schema.types.notifications")]
    ]:
        """Load the notifications of all users of the page together."""
        loaders = info.context.loaders
        children = Children(visible_notifications, (loaders.caller,), "user_id", self.key)
        arguments = Arguments(first, after, last, before)
        return await connect_children(
            loaders, children, NOTIFICATIONS_NEWEST_FIRST, arguments, Notification.of
        )


def shaped_if_visible(info: Info, row: models.User | None) -> User | None:
    """The user, if the caller is the same person or of the shop."""
    caller = info.context.caller
    if row is None or not (caller.is_staff or caller.user_id == row.id):
        return None
    return User.of(row)


@strawberry.enum(description="What users can be sorted by.")
class UserSortKey(Enum):
    """The value is the column."""

    CREATED_AT = "created_at"
    EMAIL = "email_key"
    SEQUENCE = strawberry.enum_value("sequence", description=SEQUENCE_DESCRIPTION)


@strawberry.input(description="The order of a list of users.")
class UserSort:
    """A column and a direction."""

    by: UserSortKey = UserSortKey.CREATED_AT
    direction: SortDirection = SortDirection.ASC


@strawberry.input(description="Which users to list; all given conditions must hold.")
class UserFilter:
    """By role, state and address."""

    role: list[UserRole] | None = None
    active: bool | None = None
    email: str | None = strawberry.field(default=None, description="However it is written.")


@strawberry.type
class UserQuery:
    """The entry points."""

    @strawberry.field(description="One user: by id, or without one whoever asks.")
    async def user(self, info: Info, id: strawberry.ID | None = None) -> User | None:  # noqa: A002
        """Find a user."""
        key = row_id(id, "User", "id") if id is not None else info.context.caller.user_id
        if key is None:
            return None
        return shaped_if_visible(info, await info.context.loaders.user.load(key))

    @strawberry.field(description="The users: all of them for staff, oneself for others.")
    async def users(
        self,
        info: Info,
        filter: UserFilter | None = None,  # noqa: A002
        sort: UserSort | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[User] | None:
        """List users."""
        query = visible_users(info.context.caller).filter(**_conditions(filter or UserFilter()))
        sort = sort or UserSort()
        order = Sort(sort.by.value, descending=sort.direction is SortDirection.DESC)
        return await connect(
            info.context.loaders,
            query,
            order,
            Arguments(first, after, last, before),
            User.of,
            is_scan=filter is not None,
        )


def _conditions(given: UserFilter) -> dict[str, object]:
    conditions: dict[str, object] = {}
    if given.role is not None:
        conditions["role__in"] = given.role
    if given.active is not None:
        conditions["active"] = given.active
    if given.email is not None:
        keys = possible(models.User, "email_key", *email_keys(given.email))
        conditions["email_key__in"] = keys
    return conditions
