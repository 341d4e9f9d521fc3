"""Decodes what other rows refer to: the values of some columns, before and after a change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from migrator.errors import BinlogCorrupt, UnsupportedChange, ValueRefused
from migrator.model.elements import elements, of_elements
from migrator.model.field_names import field_name
from migrator.mysql.binlog.events import Rows, RowsKind
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import TableShape
from migrator.mysql.rows.images import Images
from migrator.mysql.rows.layout import Layout, Raws
from migrator.mysql.rows.programs import Programs
from migrator.mysql.rows.reading import UNREADABLE

DOCUMENT_AT = 1
"""Where the document begins in an element: after its type byte."""


@dataclass(frozen=True, slots=True)
class ReferencedChange:
    """A row whose referenced values go or change: `{old, new?}`, and where its images lie."""

    document: bytes
    start: int
    stop: int


class ReferencedDecoder:
    """Decodes the referenced `columns` (indexes) of the rows of one table map."""

    def __init__(self, shape: TableShape, columns: Sequence[int], options: TypeOptions) -> None:
        titles = tuple(column.name for column in shape.columns)
        # In a field, unlike in `_id`, a value is what its column has.
        codecs = tuple(replace(column.row_codec(options), key=None) for column in shape.columns)
        self._table = shape.table
        self._layout = Layout(titles, (b"",) * len(titles), codecs, tuple(columns))
        self._names = tuple(field_name(titles[index]) for index in columns)
        self._images = Images(self._layout, shape.columns)
        self._programs = Programs(partial(self._images.program, key_only=True))
        self._needed = sum(1 << index for index in columns)
        self._all = (1 << len(titles)) - 1

    def changes(self, event: Rows) -> list[ReferencedChange]:
        """The rows of a DELETE or UPDATE whose referenced values are others afterwards.

        Raises `BinlogCorrupt`, and `UnsupportedChange` if the event does not hold the values.
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
            document = of_elements([("old", old)])
            if event.kind is RowsKind.UPDATE:
                if event.partial_json:
                    _, at = self._images.differing(event.body, at)
                new, at = self._image(event, at, event.after_bitmap, old)
                if new == old:
                    continue
                document = of_elements([("old", old), ("new", new)])
            found.append(ReferencedChange(document, start, at))
        return found

    def _image(self, event: Rows, at: int, bitmap: bytes, before: bytes = b"") -> tuple[bytes, int]:
        """The referenced values of an image, as the element of a document."""
        shown = int.from_bytes(bitmap, "little")
        if shown & self._all == self._all:
            return self._whole(event, at)
        raws: Raws = [None] * len(self._layout.titles)
        at = self._images.part(event.body, at, event.stop, bitmap, raws)
        if before:
            # An after-image leaves out what has not changed.
            kept = dict(elements(before[DOCUMENT_AT:]))
            index_of = dict(zip(self._names, self._layout.key, strict=True))
            named = [
                (name, self._value(index, raws) if shown >> index & 1 else kept[name])
                for name, index in index_of.items()
            ]
            return b"\x03" + of_elements(named), at
        if shown & self._needed != self._needed:
            raise UnsupportedChange(
                f"A row of {self._table} that others refer to was changed, and the event leaves "
                f"out the values that they refer to ({', '.join(self._names)}). Set "
                "binlog_row_image = FULL in all sessions."
            )
        return self._element(raws), at

    def _whole(self, event: Rows, at: int) -> tuple[bytes, int]:
        program = self._programs.find(event.body[at : at + self._images.width])
        made: list[bytes] = []
        if program is not None:
            after, unusual = program(event.body, at, 0, event.stop, made.append)
            if not unusual:
                return self._renamed(made[0]), after
        raws, at = self._images.whole(event.body, at, event.stop)
        return self._element(raws), at

    def _element(self, raws: Raws) -> bytes:
        return self._renamed(self._layout.key_only(raws))

    def _value(self, index: int, raws: Raws) -> bytes:
        layout = replace(self._layout, key=(index,))
        return next(elements(layout.key_only(raws)))[1]

    def _renamed(self, document: bytes) -> bytes:
        """The element {fields} of {_id: value} or {_id: {fields}}."""
        ((_, value),) = elements(document)
        if len(self._names) > 1:
            return value
        return b"\x03" + of_elements([(self._names[0], value)])
