"""Source text that takes raw values out of a row, as many at once as lie at fixed places."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct, calcsize
from struct import error as StructError  # noqa: N812  # It is an exception class.
from typing import Any

from migrator.errors import ValueRefused
from migrator.mysql.columns.codec import Read
from migrator.mysql.wire.packets import length_encoded

UNREADABLE = (StructError, IndexError, KeyError, ValueError, OverflowError)
"""What reading raises where bytes are not what they should be."""
UNUSUAL = (ValueRefused, *UNREADABLE)
"""Whatever it is, the long way says it."""

CODES = re.compile(r"(\d*)([a-zA-Z?])")
READER = """\
def read(body, at):
{lines}
    if at > len(body): raise IndexError("a value is cut off")
    return v0, at
"""


@dataclass(slots=True)
class Source:
    """Lines of a program, and the objects that they name."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, object] = field(default_factory=lambda: {"UNUSUAL": UNUSUAL})

    def name(self, stem: str, thing: object) -> str:
        """A name by which the lines may call `thing`."""
        name = f"{stem}_{len(self.names)}"
        self.names[name] = thing
        return name

    def block(self, indent: int) -> str:
        """The lines, indented by so many spaces."""
        return "\n".join(" " * indent + line for line in self.lines)


def compiled(text: str, source: Source, name: str) -> Any:
    """What `text` defines as `name`, with the objects that the source names."""
    space: dict[str, object] = dict(source.names)
    exec(compile(text, "<rows>", "exec"), space)  # noqa: S102 (all of it is written here)
    return space[name]


class Reading:
    """Writes the reading of raw values {v0, v1, ...}, as many at once as lie at fixed places."""

    def __init__(self, source: Source) -> None:
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


@lru_cache(1000)
def reader(read: Read) -> Callable[[bytes, int], tuple[Any, int]]:
    """A function of a body and an offset: the raw value there, and the offset behind it."""
    source = Source()
    Reading(source).all([(0, read, True)], 0)
    made: Callable[[bytes, int], tuple[Any, int]] = compiled(
        READER.format(lines=source.block(4)), source, "read"
    )
    return made


def counted(first: int, body: bytes, at: int) -> tuple[int, int]:
    """A length of the client protocol that has more than one byte; `at` is behind its first."""
    if first == 0xFB or first == 0xFF:
        raise ValueError("a length is none")
    return length_encoded(body, at - 1)


def _fields(codes: str) -> int:
    """How many values struct makes of these codes."""
    found = CODES.findall(codes)
    return sum(1 if code == "s" else int(count or 1) for count, code in found if code != "x")
