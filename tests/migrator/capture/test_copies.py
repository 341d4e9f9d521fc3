"""A copy that begins again: the one before it ends first."""

from typing import Any

from migrator.capture.lookup.copies import Copies
from migrator.model.state import KeyRange, TableCopy
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table
from migrator.mysql.columns.column import Column
from migrator.mysql.types.numbers import LONG
from migrator.snapshot.copier import Copier
from migrator.snapshot.planner import Planned

NAME = TableName("shop", "t")
TABLE = Table(NAME, (Column("id", LONG),), "PRIMARY", (0,), "InnoDB", 0, 0)


def copy(generation: int) -> TableCopy:
    return TableCopy(NAME, 0, generation, 1, (KeyRange(),), ("id LONG",))


class Anything:
    """Stands for what the test does not look at."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *arguments: Any, **named: Any) -> "Anything":
        return self


class State:
    """Notes what the copier still has to do while a copy is being saved."""

    def __init__(self, copier: Copier) -> None:
        self.left_while_saving: list[int] = []
        self._copier = copier

    async def save_table(self, _: TableCopy) -> None:
        self.left_while_saving.append(self._copier.tables_left)


async def test_while_a_new_copy_is_saved_no_reader_goes_on_with_the_old_one() -> None:
    unseen: Any = Anything()
    copier = Copier(unseen, unseen, unseen, chunk_rows=1)
    state: Any = State(copier)
    copies = Copies(state, unseen, unseen, copier, takes_over=False)
    copier.begin(TABLE, copy(1))

    await copies._begin(Planned(TABLE, copy(2)), copy(1), empties=False)

    assert state.left_while_saving == [0]
    assert copier.tables_left == 1
