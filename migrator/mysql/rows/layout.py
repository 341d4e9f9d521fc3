"""Makes documents of a table's rows, value by value: slow, and right for every value.

A document is `{_id, every column}` in the order of the columns. `codegen.py` generates
programs that do the same for usual values, much faster.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from migrator.errors import ConfigurationError, ValueRefused
from migrator.model.field_names import FULLWIDTH_DOLLAR, field_name
from migrator.mysql.columns.codec import INT32, Bson, Codec, Value, string
from migrator.mysql.columns.column import Column

DOCUMENT_SIZE_MAX = 16 * 1024 * 1024
TOO_LARGE = "the row is larger than 16 MiB as a document"
COLUMNS_LISTED_MAX = 20
NULL: Value = (Bson.NULL, b"")

Raws = list[Any]
"""The raw values of a row by column; None is NULL."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a row, in their order.

    `titles` are the columns' own names, `names` those of the elements: b"" for a column that is
    hidden, or called `_id` and part of the key. `key` holds the indexes of the key's columns, in
    key order.
    """

    titles: tuple[str, ...]
    names: tuple[bytes, ...]
    codecs: tuple[Codec, ...]
    key: tuple[int, ...]

    @classmethod
    def of(
        cls, columns: Sequence[Column], key: tuple[int, ...], codecs: Iterable[Codec]
    ) -> "Layout":
        """The layout of `columns`. Raises `ConfigurationError` if they cannot make documents."""
        titles = tuple(column.name for column in columns)
        if trouble := layout_trouble(columns, key):
            listed = ", ".join(titles[:COLUMNS_LISTED_MAX])
            raise ConfigurationError(
                f"A table with the columns {listed!r} cannot be migrated: {trouble} Rename the "
                "column, or exclude the table."
            )
        names = tuple(map(_name, columns))
        return cls(titles, names, tuple(codecs), key)

    def key_names(self) -> tuple[bytes, ...]:
        """The names of the elements inside a compound `_id`."""
        return tuple(field_name(self.titles[index]).encode() for index in self.key)

    def identity(self, raws: Sequence[Any]) -> bytes:
        """The element `_id`. Raises `ValueRefused`."""
        values = [self._key_value(index, raws[index]) for index in self.key]
        if len(values) == 1:
            return element(b"_id", values[0])
        return element(b"_id", document(map(element, self.key_names(), values)))

    def key_only(self, raws: Sequence[Any]) -> bytes:
        """A document that holds `_id` only. Raises `ValueRefused`."""
        return whole(self.identity(raws))

    def row(self, raws: Sequence[Any]) -> bytes:
        """The document of a row. Raises `ValueRefused`, which names the column."""
        elements = [
            element(name, self._value(index, raws[index]))
            for index, name in enumerate(self.names)
            if name
        ]
        found = whole(self.identity(raws) + b"".join(elements))
        if len(found) > DOCUMENT_SIZE_MAX:
            sizes = [len(raw) if isinstance(raw, bytes) else 0 for raw in raws]
            raise ValueRefused(self.titles[sizes.index(max(sizes))], TOO_LARGE)
        return found

    def refusal(self, raws: Sequence[Any], error: ValueRefused, *, is_gone: bool) -> bytes:
        """The document {_id?, column, reason, row} of a row that cannot be carried over.

        `row` holds the values that can. With `is_gone`, which says that the row was deleted, it
        also has `gone`.
        """
        try:
            identity = self.identity(raws)
        except ValueRefused:
            identity = b""
        row = document(self._readable(raws))
        facts = element(b"column", string(error.column)) + element(b"reason", string(error.reason))
        if is_gone:
            facts += element(b"gone", (Bson.BOOLEAN, b"\1"))
        return whole(identity + facts + element(b"row", row))

    def _readable(self, raws: Sequence[Any]) -> Iterator[bytes]:
        for index, title in enumerate(self.titles):
            if not self.names[index] and index not in self.key:
                continue
            try:
                yield element(field_name(title).encode(), self._value(index, raws[index]))
            except ValueRefused:
                continue

    def _value(self, index: int, raw: Any) -> Value:
        if raw is None:
            return NULL
        try:
            return self.codecs[index].value(raw)
        except ValueRefused as error:
            raise ValueRefused(self.titles[index], error.reason) from error

    def _key_value(self, index: int, raw: Any) -> Value:
        special = self.codecs[index].key
        if raw is None or special is None:
            return self._value(index, raw)
        try:
            return special(raw)
        except ValueRefused as error:
            raise ValueRefused(self.titles[index], error.reason) from error


def element(name: bytes, value: Value) -> bytes:
    """One element of a document."""
    kind, data = value
    return bytes((kind,)) + name + b"\0" + data


def document(elements: Iterable[bytes]) -> Value:
    """A document as a value."""
    return Bson.DOCUMENT, whole(b"".join(elements))


def whole(elements: bytes) -> bytes:
    """A document of these elements."""
    return INT32(len(elements) + 5) + elements + b"\0"


def layout_trouble(columns: Sequence[Column], key: tuple[int, ...]) -> str:
    """Why no documents can be made of these columns, as a sentence; "" if they can."""
    if not key or any(index >= len(columns) for index in key):
        return "Its key is not known."
    for index, column in enumerate(columns):
        if "\0" in column.name:
            return f"The name of column {index + 1} holds a NUL."
        if column.name == "_id" and index not in key:
            return "Its column _id is not the key, and MongoDB keeps that name for the key."
    names = [name for name in map(_name, columns) if name]
    if len(set(names)) < len(names):
        return f"Two columns would have the same name: a leading $ becomes {FULLWIDTH_DOLLAR}."
    return ""


def _name(column: Column) -> bytes:
    """The name of the column's element; b"" if it has no element of its own."""
    return b"" if column.hidden or column.name == "_id" else field_name(column.name).encode()
