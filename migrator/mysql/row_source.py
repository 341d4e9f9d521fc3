"""Programs that turn rows into documents, written for one table and one NULL bitmap.

Which columns of a row are NULL decides where everything else lies. With that known, a
row is a few calls of `struct` and the joining of some slices; a loop over columns is
ten times as slow. A program gives up at a row with an unusual value; then
`row_layout.py` does that row.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct, calcsize
from struct import error as StructError  # noqa: N812  # It is an exception class.
from typing import Any

from migrator.errors import ValueRefused
from migrator.mysql.packets import length_encoded
from migrator.mysql.row_layout import DOCUMENT_SIZE_MAX, TOO_LARGE, Layout
from migrator.mysql.types.codec import Bson, Read

Program = Callable[..., tuple[int, bool]]
"""Reads rows while it can; returns where it stopped, and whether at an unusual row.

For row images: (body, at, until, stop, append). At least one row, then while it is
before `until` and the NULL bitmap is the same. For results: (packets, index, append).
"""

UNREADABLE = (StructError, IndexError, KeyError, ValueError, OverflowError)
"""What reading raises where bytes are not what they should be."""
UNUSUAL = (ValueRefused, *UNREADABLE)
"""Whatever it is, the long way says it."""

CODES = re.compile(r"(\d*)([a-zA-Z?])")
IMAGE_HEAD = """\
def program(body, at, until, stop, append):
    start = at
    try:
        while True:
"""
IMAGE_TAIL = """\
            if at > stop: raise IndexError("a row is cut off")
{work}
            append({document})
            if at >= until or not body.startswith({nulls!r}, at): return at, False
            start = at
    except UNUSUAL:
        return start, True
"""
RESULT_HEAD = """\
def program(packets, index, append):
    try:
        for index in range(index, len(packets)):
            body = packets[index]
            if not body.startswith({nulls!r}): return index, False
            at = 0
"""
RESULT_TAIL = """\
            if at != len(body): raise IndexError("a row has another length than its columns")
{work}
            append({document})
        return len(packets), False
    except UNUSUAL:
        return index, True
"""
READER = """\
def read(body, at):
{lines}
    if at > len(body): raise IndexError("a value is cut off")
    return v0, at
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a document: a constant, or values to be packed, or an expression of bytes."""

    constant: bytes = b""
    code: str = ""
    expression: str = ""
    length: str = ""


@dataclass(slots=True)
class _Source:
    """Lines of a program, and the objects that they name."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, object] = field(default_factory=lambda: {"UNUSUAL": UNUSUAL})

    def name(self, stem: str, thing: object) -> str:
        name = f"{stem}_{len(self.names)}"
        self.names[name] = thing
        return name

    def block(self, indent: int) -> str:
        return "\n".join(" " * indent + line for line in self.lines)


def image_program(
    layout: Layout, nulls: bytes, absent: Sequence[bool], *, key_only: bool
) -> Program:
    """A program for row images; `absent` says which columns `nulls` leaves out."""
    return _program(layout, nulls, len(nulls), absent, IMAGE_HEAD, IMAGE_TAIL, key_only)


def result_program(layout: Layout, nulls: bytes, absent: Sequence[bool]) -> Program:
    """A program for binary rows; `nulls` begins with their 0x00."""
    return _program(layout, nulls, len(nulls), absent, RESULT_HEAD, RESULT_TAIL, False)


@lru_cache(1000)
def reader(read: Read) -> Callable[[bytes, int], tuple[Any, int]]:
    """A function of a body and an offset: the raw value there, and the offset behind it."""
    source = _Source()
    _Reading(source).all([(0, read, True)], 0)
    made: Callable[[bytes, int], tuple[Any, int]] = _compiled(
        READER.format(lines=source.block(4)), source, "read"
    )
    return made


def counted(first: int, body: bytes, at: int) -> tuple[int, int]:
    """A length of the client protocol that has more than one byte; `at` is behind its first."""
    if first == 0xFB or first == 0xFF:
        raise ValueError("a length is none")
    return length_encoded(body, at - 1)


def _program(
    layout: Layout,
    nulls: bytes,
    skip: int,
    absent: Sequence[bool],
    head: str,
    tail: str,
    key_only: bool,
) -> Program:
    reading = _Source()
    working = _Source(names=reading.names)
    wanted = set(layout.key) if key_only else set(range(len(absent)))
    present = [index for index, is_null in enumerate(absent) if not is_null]
    _Reading(reading).all([(i, layout.codecs[i].read, i in wanted) for i in present], skip)
    writing = _Writing(working, layout, absent)
    pieces = writing.identity()
    for index, name in enumerate(layout.names):
        if name and not key_only:
            pieces += writing.element(name, index)
    working.lines.append(f"size = {_size(pieces)} + 5")
    too_large = working.name("too_large", ValueRefused("", TOO_LARGE))
    working.lines.append(f"if size > {DOCUMENT_SIZE_MAX}: raise {too_large}")
    pieces = [Piece(code="i", expression="size"), *pieces, Piece(b"\0")]
    document = _joined(working, pieces)
    text = (
        head.format(nulls=nulls)
        + reading.block(12)
        + "\n"
        + tail.format(nulls=nulls, work=working.block(12), document=document)
    )
    made: Program = _compiled(text, working, "program")
    return made


def _compiled(text: str, source: _Source, name: str) -> Any:
    space: dict[str, object] = dict(source.names)
    exec(compile(text, "<rows>", "exec"), space)  # noqa: S102 (all of it is written here)
    return space[name]


class _Reading:
    """Writes the reading of raw values {v0, v1, ...}, as many at once as lie at fixed places."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._codes = ""
        self._targets: list[str] = []
        self._after: list[str] = []

    def all(self, columns: Sequence[tuple[int, Read, bool]], skip: int) -> None:
        """`columns` are index, read and whether the value is wanted; `skip` bytes come first."""
        self._codes = f"{skip}x" if skip else ""
        for index, read, is_wanted in columns:
            if read.length:
                self._sized(index, read, is_wanted)
            elif is_wanted:
                self._fixed(index, read)
            else:
                self._codes += f"{calcsize('<' + read.codes)}x"
        if self._codes:
            self._flush()

    def _fixed(self, index: int, read: Read) -> None:
        fields = self._add(index, read.codes)
        expression = read.raw.format(*fields)
        if expression == fields[0] and len(fields) == 1:
            self._targets[-1] = f"v{index}"
        else:
            self._after.append(f"v{index} = {expression}")

    def _sized(self, index: int, read: Read, is_wanted: bool) -> None:
        fields = self._add(index, read.codes)
        expression = read.length.format(*fields)
        if expression == fields[0]:
            self._targets[-1] = f"n{index}"
        else:
            self._after.append(f"n{index} = {expression}")
        self._flush()
        lines = self._source.lines
        if read.counted:
            lines.append(f"if n{index} > 250: n{index}, at = counted(n{index}, body, at)")
            self._source.names["counted"] = counted
        target = f"v{index} = body[at : (at := at + n{index})]" if is_wanted else f"at += n{index}"
        lines.append(target)

    def _add(self, index: int, codes: str) -> list[str]:
        self._codes += codes
        fields = [f"f{index}_{number}" for number in range(_fields(codes))]
        self._targets += fields
        return fields

    def _flush(self) -> None:
        codes, size = self._codes, calcsize("<" + self._codes)
        if codes == "B":
            self._source.lines.append(f"{self._targets[0]} = body[at]")
        elif self._targets:
            unpack = self._source.name("unpack", Struct("<" + codes).unpack_from)
            self._source.lines.append(f"{', '.join(self._targets)}, = {unpack}(body, at)")
        self._source.lines.append(f"at += {size}")
        self._source.lines += self._after
        self._codes, self._targets, self._after = "", [], []


class _Writing:
    """Writes the making of elements from raw values."""

    def __init__(self, source: _Source, layout: Layout, absent: Sequence[bool]) -> None:
        self._source = source
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
        size = Piece(code="i", expression=f"{_size(inner)} + 5")
        return [Piece(bytes((Bson.DOCUMENT,)) + b"_id\0"), size, *inner, Piece(b"\0")]

    def element(self, name: bytes, index: int) -> list[Piece]:
        """The pieces of a column."""
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
        call = self._source.name(kind, function)
        self._source.lines.append(f"{kind}_t{index}, {kind}_d{index} = {call}(v{index})")
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
        used = {key: self._source.name(key, thing) for key, thing in inline.names.items()}
        used |= {"v": value, "n": length}
        self._source.lines += [line.format_map(used) for line in inline.statements]
        pieces = [
            Piece(code=code, expression=text.format_map(used)) for code, text in inline.packed
        ]
        if inline.tail or any("{n}" in text for _, text in inline.packed):
            self._source.lines.append(f"{length} = len({value})")
        if inline.tail:
            pieces.append(Piece(expression=value, length=length))
        return [*pieces, Piece(inline.end)] if inline.end else pieces


def _fields(codes: str) -> int:
    numbers = {"s": lambda _: 1, "x": lambda _: 0}
    return sum(
        numbers.get(code, lambda count: int(count or 1))(count)
        for count, code in CODES.findall(codes)
    )


def _size(pieces: Sequence[Piece]) -> str:
    fixed = sum(len(piece.constant) + calcsize("<" + piece.code) for piece in pieces)
    return " + ".join([str(fixed), *(piece.length for piece in pieces if piece.length)])


def _joined(source: _Source, pieces: Sequence[Piece]) -> str:
    """An expression of the bytes of all pieces."""
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
            pack = source.name("pack", Struct("<" + codes).pack)
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
