"""Notifications: the type, the list and the mutations."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Private
from strawberry.scalars import JSON

from service import models
from service.models import NotificationKind
from service.operations.reading.paging import Sort
from service.operations.rules.visibility import visible_notifications
from service.schema.relay.connections import Arguments, Connection, SortDirection, connect
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id

if TYPE_CHECKING:
    from service.schema.types.users import User

NOTIFICATIONS_NEWEST_FIRST = Sort("created_at", descending=True)

strawberry.enum(NotificationKind, description="What a message is about.")


@strawberry.type(description="A message to a user.")
class Notification(Node):
    """Plain attributes, filled from the row at once; only the user is resolved."""

    user_key: Private[int]
    kind: NotificationKind
    title: str
    body: str
    data: JSON
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, row: models.Notification) -> "Notification":
        """Shape a row."""
        return cls(
            id=global_id("Notification", row.id),
            user_key=row.user_id,
            kind=row.kind,
            title=row.title,
            body=row.body,
            data=JSON(row.data),
            created_at=row.created_at,
            read_at=row.read_at,
        )

    @strawberry.field(description="To whom it was sent.")
    async def user(
        self, info: Info
    ) -> Annotated["User", strawberry.lazy("service.schema.types.users")] | None:
        """Load the users of all notifications of the page together."""
        from service.schema.types.users import shaped_if_visible

        return shaped_if_visible(info, await info.context.loaders.user.load(self.user_key))


@strawberry.input(description="The order of a list of notifications.")
class NotificationSort:
    """There is one column to sort by: when they were sent."""

    direction: SortDirection = SortDirection.DESC


@strawberry.input(description="Which notifications to list; all given conditions must hold.")
class NotificationFilter:
    """By user, kind and whether they were read."""

    user_id: strawberry.ID | None = None
    kind: list[NotificationKind] | None = None
    read: bool | None = None


@strawberry.type
class NotificationQuery:
    """The entry point."""

    @strawberry.field(description="One's own messages; the machine's administrator sees all.")
    async def notifications(
        self,
        info: Info,
        filter: NotificationFilter | None = None,  # noqa: A002
        sort: NotificationSort | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Notification] | None:
        """List notifications."""
        conditions = _conditions(filter or NotificationFilter())
        query = visible_notifications(info.context.caller).filter(**conditions)
        direction = (sort or NotificationSort()).direction
        order = Sort("created_at", descending=direction is SortDirection.DESC)
        return await connect(
            info.context.loaders,
            query,
            order,
            Arguments(first, after, last, before),
            Notification.of,
            is_scan=filter is not None,
        )


def _conditions(given: NotificationFilter) -> dict[str, object]:
    conditions: dict[str, object] = {}
    if given.user_id is not None:
        conditions["user_id"] = row_id(given.user_id, "User", "filter", "userId")
    if given.kind is not None:
        conditions["kind__in"] = given.kind
    if given.read is not None:
        conditions["read_at__isnull"] = not given.read
    return conditions
