"""Decodes rows into documents: row images of the binlog, and rows of a SELECT."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from migrator.errors import BinlogCorrupt, UnsupportedChange, ValueRefused
from migrator.model.rows import Operation, RowGroup
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column, TableShape
from migrator.mysql.rows.codegen import Program, result_program
from migrator.mysql.rows.groups import RowGroups
from migrator.mysql.rows.images import Images
from migrator.mysql.rows.layout import Layout, Raws
from migrator.mysql.rows.programs import Programs
from migrator.mysql.rows.reading import UNREADABLE, reader

T = TypeVar("T")
NOT_SHOWN = object()
"""The raw value of a column that an image does not hold."""


class BinlogDecoder:
    """Decodes the row images of one table map."""

    def __init__(self, shape: TableShape, key: tuple[int, ...], options: TypeOptions) -> None:
        self._table = shape.table
        self._layout = Layout.of(
            shape.columns, key, [column.row_codec(options) for column in shape.columns]
        )
        self._images = Images(self._layout, shape.columns)
        self._rows = Programs(partial(self._images.program, key_only=False))
        self._keys = Programs(partial(self._images.program, key_only=True))

    def inserts(self, body: bytes, start: int, stop: int) -> list[RowGroup]:
        """Inserted rows: INSERT, or REFUSE. Raises `BinlogCorrupt`."""
        return self._guarded(
            self._all, Operation.INSERT, self._rows, self._layout.row, body, start, stop
        )

    def deletes(self, body: bytes, start: int, stop: int) -> list[RowGroup]:
        """Deleted rows: DELETE, documents that hold only `_id`. Raises `BinlogCorrupt`."""
        return self._guarded(
            self._all, Operation.DELETE, self._keys, self._layout.key_only, body, start, stop
        )

    def updates(
        self, body: bytes, start: int, stop: int, *, partial_json: bool = False
    ) -> list[RowGroup]:
        """Changed rows: PUT, after a DELETE if the key is another now.

        Raises `BinlogCorrupt`. `partial_json`: after-images begin with value options.
        """
        read = self._partial_updates if partial_json else self._updates
        return self._guarded(read, body, start, stop)

    def keys(
        self,
        body: bytes,
        start: int,
        stop: int,
        before_bitmap: bytes,
        after_bitmap: bytes,
        *,
        partial_json: bool = False,
    ) -> tuple[list[bytes], list[bytes]]:
        """The `{_id}` of rows whose images hold some columns only: gone ones, and present ones.

        A row whose key changed is gone under the old key and present under the new one. The
        bitmaps say which columns the images hold; b"" is no image. Raises `BinlogCorrupt`, and
        `UnsupportedChange` if a key is not in the images.
        """
        try:
            bitmaps = (before_bitmap, after_bitmap)
            pairs = self._guarded(self._touched, body, start, stop, bitmaps, partial_json)
        except ValueRefused as error:
            raise UnsupportedChange(
                f"{self._table} was changed by an event that holds some columns only, and the key "
                f"of a row cannot be read: {error}. Set binlog_row_image = FULL at the source."
            ) from error
        gone = [before for before, after in pairs if before and before != after]
        return gone, [after for _, after in pairs if after]

    def _guarded(self, read: Callable[..., list[T]], *arguments: Any) -> list[T]:
        try:
            return read(*arguments)
        except UNREADABLE as error:
            raise BinlogCorrupt(
                f"A row of {self._table} in the binlog cannot be read: {error}. If mysqlbinlog "
                "reads it, this is a bug of the migrator: please report it."
            ) from error

    def _all(
        self,
        operation: Operation,
        programs: Programs,
        document_of: Callable[[Raws], bytes],
        body: bytes,
        at: int,
        stop: int,
    ) -> list[RowGroup]:
        groups = RowGroups(self._layout)
        width = self._images.width
        while at < stop:
            program = programs.find(body[at : at + width])
            if program is not None:
                at, unusual = program(body, at, stop, stop, groups.rows(operation).append)
                if not unusual:
                    continue
            raws, at = self._images.whole(body, at, stop)
            groups.add(operation, document_of, raws)
        return groups.made()

    def _updates(self, body: bytes, at: int, stop: int) -> list[RowGroup]:
        groups = RowGroups(self._layout)
        width = self._images.width
        made: list[bytes] = []
        while at < stop:
            made.clear()
            start, unusual = at, True
            before = self._keys.find(body[at : at + width])
            if before is not None:
                at, unusual = before(body, at, 0, stop, made.append)
            if not unusual:
                after = self._rows.find(body[at : at + width])
                unusual = after is None
                if after is not None:
                    at, unusual = after(body, at, 0, stop, made.append)
            if unusual:
                before_raws, at = self._images.whole(body, start, stop)
                after_raws, at = self._images.whole(body, at, stop)
                groups.change(before_raws, after_raws)
                continue
            key, row = made
            if not row.startswith(key[4:-1], 4):
                groups.rows(Operation.DELETE).append(key)
            groups.rows(Operation.PUT).append(row)
        return groups.made()

    def _partial_updates(self, body: bytes, at: int, stop: int) -> list[RowGroup]:
        groups = RowGroups(self._layout)
        while at < stop:
            before, at = self._images.whole(body, at, stop)
            after, at = self._images.changed(body, at, stop, before)
            groups.change(before, after)
        return groups.made()

    def _touched(
        self, body: bytes, at: int, stop: int, bitmaps: tuple[bytes, bytes], partial_json: bool
    ) -> list[tuple[bytes, bytes]]:
        """The keys before and after each change; b"" where there is no image."""
        touched: list[tuple[bytes, bytes]] = []
        while at < stop:
            start = at
            raws: Raws = [NOT_SHOWN] * len(self._layout.codecs)
            keys = [b"", b""]
            for is_after, bitmap in enumerate(bitmaps):
                if not bitmap:
                    continue
                if is_after and partial_json:
                    _, at = self._images.differing(body, at)
                at = self._images.part(body, at, stop, bitmap, raws)
                keys[is_after] = self._shown_key(raws)
            touched.append((keys[0], keys[1]))
            if at == start:
                raise IndexError("a row has no image")
        return touched

    def _shown_key(self, raws: Raws) -> bytes:
        for index in self._layout.key:
            if raws[index] is NOT_SHOWN:
                raise ValueRefused(self._layout.titles[index], "is not in the event")
        return self._layout.key_only(raws)


class ResultDecoder:
    """Decodes the binary rows of one SELECT of `columns`."""

    def __init__(
        self, columns: tuple[Column, ...], key: tuple[int, ...], options: TypeOptions
    ) -> None:
        self._layout = Layout.of(columns, key, [column.result_codec(options) for column in columns])
        self._width = (len(columns) + 2 + 7) // 8 + 1
        self._programs = Programs(self._program)

    def decode(self, packets: Sequence[bytes]) -> list[RowGroup]:
        """Rows as they are now: INSERT, or REFUSE. Raises `BinlogCorrupt`."""
        try:
            return self._decode(packets)
        except UNREADABLE as error:
            raise BinlogCorrupt(
                f"A row of a SELECT cannot be read: {error}. If the table was altered meanwhile, "
                "the next attempt succeeds."
            ) from error

    def _decode(self, packets: Sequence[bytes]) -> list[RowGroup]:
        groups = RowGroups(self._layout)
        index = 0
        while index < len(packets):
            program = self._programs.find(packets[index][: self._width])
            if program is not None:
                index, unusual = program(packets, index, groups.rows(Operation.INSERT).append)
                if not unusual:
                    continue
            groups.add(Operation.INSERT, self._layout.row, self._raws(packets[index]))
            index += 1
        return groups.made()

    def _program(self, nulls: bytes) -> Program:
        return result_program(self._layout, nulls, self._absent(nulls))

    def _absent(self, head: bytes) -> list[bool]:
        bits = int.from_bytes(head[1 : self._width], "little") >> 2
        return [bool(bits >> index & 1) for index in range(len(self._layout.codecs))]

    def _raws(self, packet: bytes) -> Raws:
        at = self._width
        raws: Raws = []
        for codec, is_null in zip(self._layout.codecs, self._absent(packet), strict=True):
            raw = None
            if not is_null:
                raw, at = reader(codec.read)(packet, at)
            raws.append(raw)
        if at != len(packet):
            raise IndexError("the columns do not fill it")
        return raws
