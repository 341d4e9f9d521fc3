"""Decodes what other rows refer to: the values of some columns, before and after a change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from migrator.errors import BinlogCorrupt, UnsupportedChange, ValueRefused
from migrator.model.elements import DOCUMENT, Element, elements, of_elements
from migrator.model.field_names import field_name
from migrator.mysql.binlog.events import Rows, RowsKind
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import TableShape
from migrator.mysql.rows.images import Images
from migrator.mysql.rows.layout import Layout, Raws
from migrator.mysql.rows.programs import Programs
from migrator.mysql.rows.reading import UNREADABLE

EMBEDDED = bytes((DOCUMENT,))
Values = dict[str, Element]


@dataclass(frozen=True, slots=True)
class ReferencedChange:
    """A row whose referenced values go or change: `{old, new?}`, and where its images lie.

    With `is_hidden` the event leaves old values out.
    """

    document: bytes
    start: int
    stop: int
    is_hidden: bool


class ReferencedDecoder:
    """Decodes the referenced `columns` (indexes) of the rows of one table map."""

    def __init__(self, shape: TableShape, columns: Sequence[int], options: TypeOptions) -> None:
        titles = tuple(column.name for column in shape.columns)
        # In a field, unlike in `_id`, a value is what its column has.
        codecs = tuple(replace(column.row_codec(options), key=None) for column in shape.columns)
        self._table = shape.table
        self._layout = Layout(titles, (b"",) * len(titles), codecs, tuple(columns))
        self._names = {index: field_name(titles[index]) for index in columns}
        self._images = Images(self._layout, shape.columns)
        self._programs = Programs(partial(self._images.program, key_only=True))
        self._all = (1 << len(titles)) - 1

    def changes(self, event: Rows) -> list[ReferencedChange]:
        """The rows of a DELETE or UPDATE whose referenced values are others afterwards.

        Raises `BinlogCorrupt`, and `UnsupportedChange` for a value that cannot be read.
        """
        try:
            return self._changes(event)
        except UNREADABLE as error:
            raise BinlogCorrupt(
                f"A row of {self._table} in the binlog cannot be read: {error}."
            ) from error
        except ValueRefused as error:
            raise UnsupportedChange(
                f"Rows refer to a row of {self._table} by a value that cannot be read: {error}."
            ) from error

    def _changes(self, event: Rows) -> list[ReferencedChange]:
        found: list[ReferencedChange] = []
        at = event.start
        while at < event.stop:
            start = at
            old, at = self._image(event, at, event.before_bitmap)
            sides = {"old": old}
            if event.kind is RowsKind.UPDATE:
                if event.partial_json:
                    _, at = self._images.differing(event.body, at)
                new, at = self._image(event, at, event.after_bitmap)
                # An image may leave out what has not changed.
                sides["new"] = old | new
            if sides.get("new") != old:
                named = [(side, EMBEDDED + of_elements(one.items())) for side, one in sides.items()]
                is_hidden = len(old) < len(self._names)
                found.append(ReferencedChange(of_elements(named), start, at, is_hidden))
        return found

    def _shows(self, bitmap: bytes, columns: int) -> bool:
        return int.from_bytes(bitmap, "little") & columns == columns

    def _image(self, event: Rows, at: int, bitmap: bytes) -> tuple[Values, int]:
        """The referenced values that an image has, and the offset after it."""
        if self._shows(bitmap, self._all):
            return self._whole(event, at)
        raws: Raws = [None] * len(self._layout.titles)
        at = self._images.part(event.body, at, event.stop, bitmap, raws)
        shown = [index for index in self._layout.key if self._shows(bitmap, 1 << index)]
        return self._values(raws, shown), at

    def _whole(self, event: Rows, at: int) -> tuple[Values, int]:
        program = self._programs.find(event.body[at : at + self._images.width])
        made: list[bytes] = []
        if program is not None:
            after, unusual = program(event.body, at, 0, event.stop, made.append)
            if not unusual:
                ((_, value),) = elements(made[0])
                if len(self._names) > 1:
                    return dict(elements(value[1:])), after
                return {self._names[self._layout.key[0]]: value}, after
        raws, at = self._images.whole(event.body, at, event.stop)
        return self._values(raws, self._layout.key), at

    def _values(self, raws: Raws, indexes: Iterable[int]) -> Values:
        found = {}
        for index in indexes:
            document = replace(self._layout, key=(index,)).key_only(raws)
            found[self._names[index]] = next(elements(document))[1]
        return found
