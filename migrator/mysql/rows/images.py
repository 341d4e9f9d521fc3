"""Reads row images value by value: whole, with some columns, or with differences of JSON."""

from collections.abc import Sequence

from migrator.mysql.columns.column import Column
from migrator.mysql.rows.codegen import Program, image_program
from migrator.mysql.rows.layout import Layout, Raws
from migrator.mysql.rows.reading import reader
from migrator.mysql.types.json import JSON, PartialJson
from migrator.mysql.wire.packets import length_encoded

PARTIAL_JSON = 1


class Images:
    """Reads the images of one table; malformed ones raise one of `UNREADABLE`."""

    def __init__(self, layout: Layout, columns: Sequence[Column]) -> None:
        self._layout = layout
        self._readers = [reader(codec.read) for codec in layout.codecs]
        self._json = [i for i, column in enumerate(columns) if column.kind is JSON]
        self._all = range(len(columns))
        self.width = (len(columns) + 7) // 8

    def program(self, nulls: bytes, *, key_only: bool) -> Program:
        """The program for images with this NULL bitmap."""
        bits = int.from_bytes(nulls, "little")
        absent = [bool(bits >> index & 1) for index in self._all]
        return image_program(self._layout, nulls, absent, key_only=key_only)

    def whole(self, body: bytes, at: int, stop: int) -> tuple[Raws, int]:
        """The raw values of one image, and the offset after it."""
        raws: Raws = [None] * len(self._all)
        return raws, self._read(body, at, stop, self._all, raws)

    def part(self, body: bytes, at: int, stop: int, bitmap: bytes, raws: Raws) -> int:
        """Read an image of the columns in `bitmap` into `raws`; returns the offset after it."""
        bits = int.from_bytes(bitmap, "little")
        return self._read(body, at, stop, [i for i in self._all if bits >> i & 1], raws)

    def changed(self, body: bytes, at: int, stop: int, before: Raws) -> tuple[Raws, int]:
        """The raw values of an after-image that may hold differences of JSON."""
        bits, at = self.differing(body, at)
        after, at = self.whole(body, at, stop)
        for bit, index in enumerate(self._json):
            if bits >> bit & 1 and after[index] is not None:
                if before[index] is None:
                    raise ValueError("a difference of JSON to NULL")
                after[index] = PartialJson(before[index], after[index])
        return after, at

    def differing(self, body: bytes, at: int) -> tuple[int, int]:
        """Which JSON columns hold differences, one bit each, and the offset of the after-image.

        Source: MySQL, sql/rpl_record.cc, unpack_row: before the image
        come value options and, if they say so, a bit for each JSON column of the table.
        """
        options, at = length_encoded(body, at)
        if not options & PARTIAL_JSON:
            return 0, at
        after = at + (len(self._json) + 7) // 8
        return int.from_bytes(body[at:after], "little"), after

    def _read(self, body: bytes, at: int, stop: int, present: Sequence[int], raws: Raws) -> int:
        size = (len(present) + 7) // 8
        bits = int.from_bytes(body[at : at + size], "little")
        at += size
        for bit, index in enumerate(present):
            raws[index] = None
            if not bits >> bit & 1:
                raws[index], at = self._readers[index](body, at)
        if at > stop:
            raise IndexError("it is cut off")
        return at
