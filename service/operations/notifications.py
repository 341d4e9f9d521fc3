"""Messages to users."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from service.clock import utc_now
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, reject
from service.models import Notification, NotificationKind, User, UserRole
from service.models.notification import NOTIFICATION_BODY_LENGTH_MAX, NOTIFICATION_TITLE_LENGTH_MAX
from service.operations.rules.access import Principal, acting_user, require
from service.operations.rules.validation import Checks
from service.operations.rules.visibility import visible_notifications
from service.operations.users import unknown_user

NOTIFICATION_DATA_BYTES_MAX = 16 * 1024
NOTIFICATION_DATA_PARTS_MAX = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotification:
    """The input of `send_notification`; `data` is any JSON object."""

    user_id: int
    title: str
    body: str = ""
    kind: NotificationKind = NotificationKind.MESSAGE
    data: dict[str, Any] = field(default_factory=dict)


async def send_notification(caller: Principal, new: NewNotification) -> Notification:
    """Leave a message for a user. Raises `Rejected` for bad values or an unknown user."""
    require(caller, UserRole.STAFF)
    checks = Checks()
    title = checks.text(new.title, "title", NOTIFICATION_TITLE_LENGTH_MAX)
    body = checks.text(new.body, "body", NOTIFICATION_BODY_LENGTH_MAX, required=False)
    checks.choice(new.kind, "kind")
    _check_data(checks, new.data)
    checks.raise_if_any()

    async def work() -> Notification:
        if not await User.filter(id=new.user_id).exists():
            raise unknown_user("userId")
        return await Notification.create(
            user_id=new.user_id,
            kind=new.kind,
            title=title,
            body=body,
            data=new.data,
            created_at=utc_now(),
        )

    return await in_one_transaction(work)


def _check_data(checks: Checks, data: dict[str, Any]) -> None:
    try:
        encoded = orjson.dumps(data)
    except orjson.JSONEncodeError as error:
        checks.add(ErrorCode.INVALID, f"data cannot be kept as JSON: {error}.", "data")
        return
    if len(encoded) > NOTIFICATION_DATA_BYTES_MAX:
        message = f"data is limited to {NOTIFICATION_DATA_BYTES_MAX} bytes."
        checks.add(ErrorCode.TOO_LONG, message, "data")
    # Every level opens at least one bracket; MySQL takes a hundred levels.
    if encoded.count(b"{") + encoded.count(b"[") > NOTIFICATION_DATA_PARTS_MAX:
        message = f"data is limited to {NOTIFICATION_DATA_PARTS_MAX} objects and lists."
        checks.add(ErrorCode.TOO_LONG, message, "data")


async def notify(
    user_ids: Sequence[int],
    kind: NotificationKind,
    title: str,
    body: str,
    data: dict[str, Any],
    dedupe_prefix: str | None = None,
) -> int:
    """Leave one message for each user, in the caller's transaction; return how many were new.

    With a prefix, a user who already has the message of that prefix gets no second one.
    """
    keys = {user: f"{dedupe_prefix}:{user}" if dedupe_prefix else None for user in user_ids}
    known: set[str | None] = set()
    if dedupe_prefix:
        query = Notification.filter(dedupe_key__in=list(keys.values()))
        known = {key for (key,) in await query.values_list("dedupe_key")}
    now = utc_now()
    rows = [
        Notification(
            user_id=user, kind=kind, title=title, body=body, data=data, dedupe_key=key,
            created_at=now,
        )
        for user, key in keys.items()
        if key is None or key not in known
    ]  # fmt: skip
    if rows:
        await Notification.bulk_create(rows)
    return len(rows)


async def mark_notification_read(caller: Principal, notification_id: int) -> Notification:
    """Record when the message was first read; reading it again changes nothing."""

    async def work() -> Notification:
        notification = await visible_notifications(caller).get_or_none(id=notification_id)
        if notification is None:
            raise reject(ErrorCode.NOT_FOUND, "There is no such notification.", "id")
        unread = Notification.filter(id=notification_id, read_at__isnull=True)
        if await unread.update(read_at=utc_now()):
            await notification.refresh_from_db()
        return notification

    return await in_one_transaction(work)


async def mark_all_notifications_read(caller: Principal, user_id: int | None) -> int:
    """Mark all messages of the user (by default the caller) read; return how many were unread."""
    owner = acting_user(caller, user_id, "userId")

    async def work() -> int:
        unread = visible_notifications(caller).filter(user_id=owner, read_at__isnull=True)
        return await unread.update(read_at=utc_now())

    return await in_one_transaction(work)
