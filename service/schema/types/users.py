"""Users: the type and its lists."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import Private

from service import models
from service.models import UserRole
from service.operations.reading.lookups import possible
from service.operations.rules.visibility import visible_users
from service.schema.relay.arguments import (
    SEQUENCE_DESCRIPTION,
    PageArguments,
    SortDirection,
    given,
    order,
    paged,
)
from service.schema.relay.connections import Connection, connect
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id
from service.schema.relay.related import related
from service.schema.types.refs import NotificationRef, OrderRef, ReviewRef
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
        """Shape a row, without the password's hash."""
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

    orders = related(
        OrderRef, "Order", "customer_id", "What the user has ordered, the newest first."
    )
    reviews = related(
        ReviewRef, "Review", "user_id", "What the user has reviewed, the newest first."
    )
    notifications = related(
        NotificationRef, "Notification", "user_id", "The user's messages, the newest first."
    )


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
    async def user(self, info: Info, id: strawberry.ID | None = None) -> User | None:
        """Find a user."""
        key = row_id(id, "User", "id") if id is not None else info.context.caller.user_id
        if key is None:
            return None
        user: User | None = await info.context.loaders.node("User", key)
        return user

    @strawberry.field(description="The users: all of them for staff, oneself for others.")
    @paged
    async def users(
        self,
        info: Info,
        filter: UserFilter | None = None,
        sort: UserSort | None = None,
        *,
        page: PageArguments,
    ) -> Connection[User] | None:
        """List users."""
        rows = visible_users(info.context.caller)
        if filter is not None:
            rows = rows.filter(**_conditions(filter))
        sort = sort or UserSort()
        by = order(sort.by.value, sort.direction)
        loaders = info.context.loaders
        return await connect(loaders, rows, by, page, User.of, is_scan=filter is not None)


def _conditions(filter: UserFilter) -> dict[str, object]:
    keys = None if filter.email is None else email_keys(filter.email)
    return given(
        role__in=filter.role,
        active=filter.active,
        email_key__in=None if keys is None else possible(models.User, "email_key", *keys),
    )
