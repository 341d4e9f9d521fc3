"""Seeded users: believable rows from a random generator and free ids."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tortoise.models import Model

from service.models import Notification, NotificationKind, User, UserRole
from service.seed.texts import RESIDENTS, Residents

Row = dict[str, Any]
"""Values by field name, as a model would hold them; a missing one is NULL."""
Rows = dict[type[Model], list[Row]]
"""Rows by table, in an order in which each refers to earlier ones only."""
Ids = Mapping[type[Model], Iterator[int]]
"""The free ids of each table."""

HISTORY_DAYS = 90
"""Orders and reviews are younger than this, users and products older."""
OLDEST_DAYS = 720


def make_users(rng: Random, until: datetime, ids: Ids, batch: range, password_hash: str) -> Rows:
    """Users with a welcome each; the very first is staff."""
    rows: Rows = {User: [], Notification: []}
    for index in batch:
        user = _user(rng, until, next(ids[User]), is_staff=index == 0)
        user["password_hash"] = password_hash
        title, body = residents_of(user["id"]).greeting
        read_at = user["created_at"] + timedelta(hours=rng.uniform(0.1, 48))
        welcome = notification_row(next(ids[Notification]), user["id"], title, body) | {
            "created_at": user["created_at"],
            "read_at": read_at if rng.random() < 0.7 else None,
        }
        rows[User].append(user)
        rows[Notification].append(welcome)
    return rows


def residents_of(user_id: int) -> Residents:
    """The country in which a user lives, always the same."""
    return RESIDENTS[user_id % len(RESIDENTS)]


def _user(rng: Random, until: datetime, user_id: int, *, is_staff: bool) -> Row:
    residents = residents_of(user_id)
    given, latin_given = rng.choice(list(residents.given.items()))
    family, latin_family = rng.choice(list(residents.family.items()))
    local_part = "staff" if is_staff else f"{latin_given}.{latin_family}"
    email = f"{local_part}.{user_id}@example.com"
    created_at = moment(rng, until, HISTORY_DAYS, OLDEST_DAYS)
    return {
        "id": user_id,
        "email": email,
        "email_key": email,
        "full_name": residents.full_name.format(given=given, family=family),
        "role": UserRole.STAFF if is_staff else UserRole.CUSTOMER,
        "active": True,
        "token_version": 0,
        "created_at": created_at,
        "updated_at": created_at,
    }


def notification_row(notification_id: int, user_id: int, title: str, body: str) -> Row:
    """One unread message."""
    return {
        "id": notification_id,
        "user_id": user_id,
        "kind": NotificationKind.MESSAGE,
        "title": title,
        "body": body,
        "data": {},
    }


def moment(rng: Random, until: datetime, age_min_days: float, age_max_days: float) -> datetime:
    """A random moment this many days before `until`."""
    return until - timedelta(days=rng.uniform(age_min_days, age_max_days))


def address_of(customer_id: int, full_name: str) -> dict[str, str]:
    """The customer's home, the same on each order."""
    residents, number = residents_of(customer_id), customer_id % 180 + 1
    street = residents.streets[customer_id % len(residents.streets)]
    cities = list(residents.cities.items())
    city, postal_prefix = cities[customer_id // 7 % len(cities)]
    digits = residents.postal_length - len(postal_prefix)
    return {
        "name": full_name,
        "line1": residents.street.format(street=street, number=number),
        "city": city,
        "country": residents.country,
        "line2": "",
        "postal_code": f"{postal_prefix}{customer_id * 7919 % 10**digits:0{digits}}",
    }
