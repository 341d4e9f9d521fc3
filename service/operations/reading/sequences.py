"""The order in which rows became readable: the only one that can be followed without a gap.

A row's creation time is taken before the row is committed, so it may appear before rows
that a reader has already passed; so may an automatic id, when several transactions write at
once. Here rows are numbered after they were committed, when a client asks for this order,
by one transaction at a time: a client that continues after the last row it has seen misses
none. A row that becomes readable later (a draft that is published, a review that is
approved) gets a new number.
"""

from typing import TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from service.database.transactions import in_one_transaction
from service.models import Sequence

ROWS_NUMBERED_MAX = 1_000
"""Rows that one call numbers; the rest wait for the next call."""

M = TypeVar("M", bound=Model)


async def in_sequence(query: QuerySet[M]) -> QuerySet[M]:
    """The numbered rows of a query; rows without a number get one first."""
    model = query.model
    if await model.filter(sequence__isnull=True).exists():
        await in_one_transaction(lambda: _number(model))
    return query.filter(sequence__isnull=False)


async def _number(model: type[Model]) -> None:
    counter = await Sequence.select_for_update().get(name=model._meta.db_table)
    new = model.filter(sequence__isnull=True).order_by("id").limit(ROWS_NUMBERED_MAX)
    ids = [row.pk for row in await new.only("id")]
    counter.highest += 1
    # These rows share the number and are ordered by id: they become readable together here.
    await model.filter(id__in=ids, sequence__isnull=True).update(sequence=counter.highest)
    await counter.save(update_fields=("highest",))
