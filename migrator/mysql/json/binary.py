"""Reads JSON as MySQL stores and logs it.

A container is a count, its size, entries for keys and values, and the data that did not fit
in the entries. Offsets count from its beginning; changes in place may have left gaps.
Source: MySQL, sql-common/json_binary.h.
"""

from struct import Struct
from struct import error as StructError  # noqa: N812  # It is an exception class.
from typing import Any

from migrator.errors import BinlogCorrupt, ValueRefused
from migrator.mysql.json.opaque import opaque
from migrator.mysql.json.text import number_of

DEPTH_MAX = 100
"""MySQL's own limit."""

LITERAL, INT16, UINT16, INT32, UINT32, INT64, UINT64, DOUBLE, STRING = range(0x04, 0x0D)
OPAQUE = 0x0F
LENGTH_SHIFT_MAX = 28
LARGE, ARRAY, CONTAINER_MAX = 1, 2, 3
LITERALS = (None, True, False)
NUMBERS = {
    INT16: Struct("<h"),
    UINT16: Struct("<H"),
    INT32: Struct("<i"),
    UINT32: Struct("<I"),
    INT64: Struct("<q"),
    UINT64: Struct("<Q"),
    DOUBLE: Struct("<d"),
}
# By LARGE: the header, a key's entry (offset, length), a value's (type, offset or value).
HEADER = (Struct("<HH"), Struct("<II"))
KEY = (Struct("<HH"), Struct("<IH"))
VALUE = (Struct("<BH"), Struct("<BI"))


def parse_binary(data: bytes) -> Any:
    """The document in `data`, as values that `bson.encode` takes.

    Raises `BinlogCorrupt` if it contradicts its format, and `ValueRefused` if it is
    nested too deeply.
    """
    if not data:  # INSERT IGNORE of NULL leaves this in a column that is NOT NULL.
        return None
    try:
        return _Document(data).value(data[0], 1, 0)
    except (StructError, LookupError, ValueError, OverflowError) as error:
        raise BinlogCorrupt(
            f"A JSON value of {len(data)} bytes contradicts its format: {error}. Look at the "
            "row at the source; if it is sound there, copy the table anew."
        ) from error


class _Document:
    """A document and how many of its bytes may still be read.

    In a sound document no byte belongs to two values, so reading it takes no more bytes than
    it has. This limit stops a document whose offsets lead to the same bytes again and again.
    """

    __slots__ = ("_data", "_left")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = len(data)

    def value(self, kind: int, at: int, depth: int) -> Any:
        """The value of type `kind` that begins at `at`."""
        if kind <= CONTAINER_MAX:
            return self._container(kind, at, depth + 1)
        if kind == STRING:
            return self._counted(at).decode()
        if kind == OPAQUE:
            return opaque(self._data[at], self._counted(at + 1))
        if kind == LITERAL:
            return LITERALS[self._data[at]]
        number = NUMBERS[kind].unpack_from(self._data, at)[0]
        # A number above int64 becomes what its text becomes in a SELECT.
        return number_of(str(number)) if kind == UINT64 else number

    def _container(self, kind: int, at: int, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise ValueRefused("", f"its JSON is nested more than {DEPTH_MAX} levels deep")
        large = kind & LARGE
        header = HEADER[large]
        count, _ = header.unpack_from(self._data, at)
        keys_at = at + header.size
        values_at = keys_at if kind & ARRAY else keys_at + count * KEY[large].size
        values = self._values(at, large, self._slice(values_at, count * VALUE[large].size), depth)
        if kind & ARRAY:
            return values
        entries = self._slice(keys_at, values_at - keys_at)
        return dict(zip(self._keys(at, large, entries), values, strict=True))

    def _keys(self, base: int, large: int, entries: bytes) -> list[str]:
        slices = list(KEY[large].iter_unpack(entries))
        self._spend(sum([length for _, length in slices]))
        data = self._data
        keys = [data[base + offset : base + offset + length] for offset, length in slices]
        if [*map(len, keys)] != [length for _, length in slices]:
            raise ValueError("a key leads beyond the end")
        return [key.decode() for key in keys]

    def _values(self, base: int, large: int, entries: bytes, depth: int) -> list[Any]:
        values: list[Any] = []
        for kind, word in VALUE[large].iter_unpack(entries):
            if kind == LITERAL:
                values.append(LITERALS[word])
            elif kind == INT16:
                values.append((word & 0xFFFF ^ 0x8000) - 0x8000)
            elif kind == UINT16:
                values.append(word & 0xFFFF)
            elif large and kind == INT32:
                values.append((word ^ 0x80000000) - 0x80000000)
            elif large and kind == UINT32:
                values.append(word)
            elif kind == STRING:
                values.append(self._counted(base + word).decode())
            else:
                values.append(self.value(kind, base + word, depth))
        return values

    def _counted(self, at: int) -> bytes:
        """Bytes after their length, which has seven bits in each byte, the lowest first."""
        length = self._data[at]
        shift = 0
        while length >> shift & 0x80:
            at += 1
            length ^= 0x80 << shift
            shift += 7
            length |= self._data[at] << shift
            if shift > LENGTH_SHIFT_MAX:
                raise ValueError("a length has more than five bytes")
        return self._slice(at + 1, length)

    def _slice(self, at: int, size: int) -> bytes:
        self._spend(size)
        found = self._data[at : at + size]
        if len(found) != size:
            raise ValueError("offsets lead beyond the end")
        return found

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ValueError("offsets lead to the same bytes twice")
