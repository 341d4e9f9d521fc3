"""The order in which rows became readable: the only one that can be followed without a gap.

A time of creation is taken before the row is committed, so a row may appear behind those
that a reader has seen already; so may an automatic id, where several transactions write at
once. Here rows are numbered after they were committed, when somebody asks for the order,
by one transaction at a time. Whoever goes on after the last row that he has seen then
misses none. A row that becomes readable only later, a draft that is published or a review
that is approved, is numbered anew.
"""

from typing import TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from service.database.transactions import in_one_transaction
from service.models import Sequence

ROWS_NUMBERED_MAX = 1_000
"""By one call; what is left waits for the next."""

M = TypeVar("M", bound=Model)


async def in_sequence(query: QuerySet[M]) -> QuerySet[M]:
    """The numbered rows of a query, after those that have no number yet were given one."""
    model = query.model
    if await model.filter(sequence__isnull=True).exists():
        await in_one_transaction(lambda: _number(model))
    return query.filter(sequence__isnull=False)


async def _number(model: type[Model]) -> None:
    counter = await Sequence.select_for_update().get(name=model._meta.db_table)
    new = model.filter(sequence__isnull=True).order_by("id").limit(ROWS_NUMBERED_MAX)
    ids = [row.pk for row in await new.only("id")]
    counter.highest += 1
    # They share the number, and within it go by id: they become readable here at once.
    await model.filter(id__in=ids, sequence__isnull=True).update(sequence=counter.highest)
    await counter.save(update_fields=("highest",))
