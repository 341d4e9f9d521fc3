"""The rows of one table, as the documents that they must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrator.independent.source.client import SourceClient, SourceRow, quoted
from migrator.independent.source.keys import after, one_of, place_literal, place_selection
from migrator.independent.source.tables import Table
from migrator.independent.values.column import Column
from migrator.independent.values.form import Document, Form, Refused, Unreadable, identity
from migrator.independent.values.moments import Options
from migrator.independent.values.rules import selections, value, value_in_key

PAGE_ROWS_MAX = 1_000
PAGE_BYTES_MAX = 8 * 1024 * 1024
LOOK_ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Documents that rows must be, in the order of the key; `is_last`: no row comes after."""

    documents: tuple[Document, ...]
    is_last: bool


class Rows:
    """Reads the rows of a table, page by page or by `_id`; one task at a time uses it."""

    def __init__(self, client: SourceClient, table: Table, options: Options) -> None:
        self.table = table
        self._client = client
        self._options = options
        self._place: tuple[str, ...] = ()
        self._page_rows = PAGE_ROWS_MAX
        self._slices = slices_of(table.columns)
        self._key_slices = {column: self._slices[column] for column in table.key}

    @property
    def look_rows(self) -> int:
        """How many rows `find` is asked for at a time, so that they fit into memory."""
        size = max(self.table.row_bytes, PAGE_BYTES_MAX // (4 * self._page_rows))
        return max(1, min(LOOK_ROWS_MAX, PAGE_BYTES_MAX // size))

    async def next_page(self) -> Page:
        """The rows after those of the page before. Raises `SourceError`."""
        key = self.table.key
        where = after(key, self._place) if self._place else "TRUE"
        names = ", ".join(quoted(column.name) for column in key)
        places = [place_selection(column).format(quoted(column.name)) for column in key]
        sql = f"{self._select(self.table.columns, places)} WHERE {where} ORDER BY {names}"
        limit = self._page_rows
        found = await self._client.rows(f"{sql} LIMIT {limit}", PAGE_BYTES_MAX)
        if found:
            cells = found[-1][-len(key) :]
            self._place = tuple(
                place_literal(column, cell or b"") for column, cell in zip(key, cells, strict=True)
            )
        # Rows are as large as those before them, until they are smaller.
        self._page_rows = min(PAGE_ROWS_MAX, max(1, len(found)) * (2 if len(found) == limit else 1))
        is_last = len(found) < limit and sum(map(_size, found)) < PAGE_BYTES_MAX
        return Page(tuple(self._document(row) for row in found), is_last)

    async def find(self, ids: Sequence[Any]) -> dict[Form, Document]:
        """The documents of the rows with these `_id`s."""
        condition = one_of(self.table.key, ids)
        found = await self._client.rows(f"{self._select(self.table.columns)} WHERE {condition}")
        documents = [self._document(row) for row in found]
        return {identity(document["_id"]): document for document in documents}

    async def exist(self, ids: Sequence[Any]) -> set[Form]:
        """Those of the `_id`s that a row has."""
        key = self.table.key
        found = await self._client.rows(f"{self._select(key)} WHERE {one_of(key, ids)}")
        slices = slices_of(key)
        return {identity(self._identity(row, slices)) for row in found}

    def _select(self, columns: Sequence[Column], places: Sequence[str] = ()) -> str:
        expressions = [
            template.format(quoted(column.name))
            for column in columns
            for template in selections(column)
        ]
        return f"SELECT {', '.join([*expressions, *places])} FROM {self.table.from_clause}"  # noqa: S608

    def _document(self, row: SourceRow) -> Document:
        fields = {
            column.field: value(column, self._options, row[cells])
            for column, cells in self._slices.items()
        }
        return {"_id": self._identity(row, self._key_slices), **fields}

    def _identity(self, row: SourceRow, slices: Mapping[Column, slice]) -> Any:
        values = {
            column.field: value_in_key(column, self._options, row[cells])
            for column, cells in slices.items()
        }
        for one in values.values():
            if len(values) == 1 or isinstance(one, Refused | Unreadable):
                return one
        return values


def slices_of(columns: Sequence[Column]) -> dict[Column, slice]:
    """Where the cells of each column are in a row that `selections` gave."""
    found: dict[Column, slice] = {}
    start = 0
    for column in columns:
        end = start + len(selections(column))
        found[column] = slice(start, end)
        start = end
    return found


def _size(row: SourceRow) -> int:
    return sum(map(len, filter(None, row)))
