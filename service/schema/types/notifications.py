"""Notifications: the type and its list."""

from datetime import datetime

import strawberry
from strawberry import Private
from strawberry.scalars import JSON

from service import models
from service.models import NotificationKind
from service.operations.rules.visibility import visible_notifications
from service.schema.relay.arguments import PageArguments, SortDirection, given, order, paged
from service.schema.relay.connections import Connection, connect
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id_or_none
from service.schema.types.refs import UserRef

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
    async def user(self, info: Info) -> UserRef | None:
        """Load the users of all notifications of the page together."""
        user: UserRef | None = await info.context.loaders.node("User", self.user_key)
        return user


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
    @paged
    async def notifications(
        self,
        info: Info,
        filter: NotificationFilter | None = None,
        sort: NotificationSort | None = None,
        *,
        page: PageArguments,
    ) -> Connection[Notification] | None:
        """List notifications."""
        rows = visible_notifications(info.context.caller)
        if filter is not None:
            rows = rows.filter(**_conditions(filter))
        by = order("created_at", (sort or NotificationSort()).direction)
        loaders = info.context.loaders
        return await connect(loaders, rows, by, page, Notification.of, is_scan=filter is not None)


def _conditions(filter: NotificationFilter) -> dict[str, object]:
    return given(
        user_id=row_id_or_none(filter.user_id, "User", "filter", "userId"),
        kind__in=filter.kind,
        read_at__isnull=None if filter.read is None else not filter.read,
    )
