"""Sending messages and marking them read."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from service.errors import ErrorCode, reject
from service.models import NotificationKind
from service.operations import notifications
from service.schema.mutations.payloads import Payload, mutation
from service.schema.relay.context import Info
from service.schema.relay.ids import row_id, row_id_or_none
from service.schema.types.notifications import Notification


@strawberry.input(description="A message to be sent.")
class SendNotificationInput:
    """`data` is a JSON object for the client's own use."""

    user_id: strawberry.ID
    title: str
    body: str = ""
    kind: NotificationKind = NotificationKind.MESSAGE
    data: JSON | None = None


@strawberry.type
class SendNotificationPayload(Payload):
    """The message."""

    notification: Notification | None = None


@strawberry.input
class MarkNotificationReadInput:
    """Which message was read."""

    id: strawberry.ID


@strawberry.type
class MarkNotificationReadPayload(Payload):
    """The message with its read time."""

    notification: Notification | None = None


@strawberry.input
class MarkAllNotificationsReadInput:
    """Whose messages were read; without a user, the caller's."""

    user_id: strawberry.ID | None = None


@strawberry.type
class MarkAllNotificationsReadPayload(Payload):
    """How many messages were unread."""

    count: int = 0


@strawberry.type
class NotificationMutation:
    """For staff, and for the recipients."""

    @mutation
    async def send_notification(
        self,
        info: Info,
        input: SendNotificationInput,
    ) -> SendNotificationPayload | None:
        """Leave a message for a user."""
        data: Any = input.data if input.data is not None else {}
        if not isinstance(data, dict):
            raise reject(ErrorCode.INVALID, "data must be a JSON object.", "data")
        new = notifications.NewNotification(
            user_id=row_id(input.user_id, "User", "userId"),
            title=input.title,
            body=input.body,
            kind=input.kind,
            data=data,
        )
        row = await notifications.send_notification(info.context.caller, new)
        return SendNotificationPayload(notification=Notification.of(row))

    @mutation
    async def mark_notification_read(
        self,
        info: Info,
        input: MarkNotificationReadInput,
    ) -> MarkNotificationReadPayload | None:
        """Note that a message was read; the first time counts."""
        key = row_id(input.id, "Notification", "id")
        row = await notifications.mark_notification_read(info.context.caller, key)
        return MarkNotificationReadPayload(notification=Notification.of(row))

    @mutation
    async def mark_all_notifications_read(
        self,
        info: Info,
        input: MarkAllNotificationsReadInput,
    ) -> MarkAllNotificationsReadPayload | None:
        """Mark everything read that a user has."""
        user = row_id_or_none(input.user_id, "User", "userId")
        count = await notifications.mark_all_notifications_read(info.context.caller, user)
        return MarkAllNotificationsReadPayload(count=count)
