"""Generated code that makes a document from raw values."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct, calcsize

from migrator.mysql.columns.codec import Bson
from migrator.mysql.rows.layout import Layout
from migrator.mysql.rows.reading import CodeWriter


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a document, in one of three forms.

    A `constant`; the value of `expression` packed by struct's `code`; or, without both, the
    bytes that `expression` gives, of which `length` is the number.
    """

    constant: bytes = b""
    code: str = ""
    expression: str = ""
    length: str = ""


class DocumentGenerator:
    """Generates the code that makes BSON elements from the raw values v0, v1, ..."""

    def __init__(self, code: CodeWriter, layout: Layout, absent: Sequence[bool]) -> None:
        self._code = code
        self._layout = layout
        self._absent = absent
        self._done: dict[int, list[Piece]] = {}

    def identity(self) -> list[Piece]:
        """The pieces of `_id`."""
        if len(self._layout.key) == 1:
            return self._key_element(b"_id", self._layout.key[0])
        inner: list[Piece] = []
        for name, index in zip(self._layout.key_names(), self._layout.key, strict=True):
            inner += self._key_element(name, index)
        length = Piece(code="i", expression=f"{size(inner)} + 5")
        return [Piece(bytes((Bson.DOCUMENT,)) + b"_id\0"), length, *inner, Piece(b"\0")]

    def element(self, name: bytes, index: int) -> list[Piece]:
        """The pieces of a column's element."""
        if self._absent[index]:
            return [Piece(bytes((Bson.NULL,)) + name + b"\0")]
        codec = self._layout.codecs[index]
        if codec.inline is None:
            return self._called(name, index, "value", codec.value)
        if index not in self._done:
            self._done[index] = self._inline(index)
        return [Piece(bytes((codec.inline.bson,)) + name + b"\0"), *self._done[index]]

    def _key_element(self, name: bytes, index: int) -> list[Piece]:
        special = self._layout.codecs[index].key
        if special is None or self._absent[index]:
            return self.element(name, index)
        return self._called(name, index, "key", special)

    def _called(self, name: bytes, index: int, kind: str, function: object) -> list[Piece]:
        call = self._code.name(kind, function)
        self._code.lines.append(f"{kind}_t{index}, {kind}_d{index} = {call}(v{index})")
        data = f"{kind}_d{index}"
        return [
            Piece(code="B", expression=f"{kind}_t{index}"),
            Piece(name + b"\0"),
            Piece(expression=data, length=f"len({data})"),
        ]

    def _inline(self, index: int) -> list[Piece]:
        inline = self._layout.codecs[index].inline
        assert inline is not None
        value, length = f"v{index}", f"n{index}"
        used = {key: self._code.name(key, thing) for key, thing in inline.names.items()}
        used |= {"v": value, "n": length}
        self._code.lines += [line.format_map(used) for line in inline.statements]
        pieces = [
            Piece(code=code, expression=text.format_map(used)) for code, text in inline.packed
        ]
        if inline.tail or any("{n}" in text for _, text in inline.packed):
            self._code.lines.append(f"{length} = len({value})")
        if inline.tail:
            pieces.append(Piece(expression=value, length=length))
        return [*pieces, Piece(inline.end)] if inline.end else pieces


def size(pieces: Sequence[Piece]) -> str:
    """The expression for the size of all pieces in bytes."""
    fixed = sum(len(piece.constant) + calcsize("<" + piece.code) for piece in pieces)
    return " + ".join([str(fixed), *(piece.length for piece in pieces if piece.length)])


def joined(code: CodeWriter, pieces: Sequence[Piece]) -> str:
    """The expression for the bytes of all pieces."""
    parts: list[str] = []
    codes, values, constant = "", [], b""

    def close_constant() -> None:
        nonlocal codes, constant
        if constant:
            codes += f"{len(constant)}s"
            values.append(repr(constant))
        constant = b""

    def close() -> None:
        nonlocal codes
        close_constant()
        if values:
            pack = code.name("pack", Struct("<" + codes).pack)
            parts.append(f"{pack}({', '.join(values)})")
        codes = ""
        values.clear()

    for piece in pieces:
        if piece.constant:
            constant += piece.constant
        elif piece.code:
            close_constant()
            codes += piece.code
            values.append(piece.expression)
        else:
            close()
            parts.append(piece.expression)
    close()
    return parts[0] if len(parts) == 1 else f"b''.join(({', '.join(parts)}))"
