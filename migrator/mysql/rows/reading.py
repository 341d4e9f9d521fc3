"""Generated code that reads raw values from a row, by as few `struct` calls as possible."""

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
"""What reading raises for bytes that contradict the format."""
UNUSUAL = (ValueRefused, *UNREADABLE)
"""Any of these makes a program give up; `Layout` then decodes the row or raises the error."""

CODES = re.compile(r"(\d*)([a-zA-Z?])")
READER = """\
def read(body, at):
{lines}
    if at > len(body): raise IndexError("a value is cut off")
    return v0, at
"""


@dataclass(slots=True)
class CodeWriter:
    """Collects the lines of a program, and the objects that they name."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, object] = field(default_factory=lambda: {"UNUSUAL": UNUSUAL})

    def name(self, stem: str, thing: object) -> str:
        """Give `thing` a name that the lines may use, and return it."""
        name = f"{stem}_{len(self.names)}"
        self.names[name] = thing
        return name

    def block(self, indent: int) -> str:
        """The lines, indented by `indent` spaces."""
        return "\n".join(" " * indent + line for line in self.lines)


def compiled(text: str, code: CodeWriter, name: str) -> Any:
    """What `text` defines as `name`, with the objects that `code` has named."""
    space: dict[str, object] = dict(code.names)
    exec(compile(text, "<rows>", "exec"), space)  # noqa: S102 (all of it is written here)
    return space[name]


class ReadGenerator:
    """Generates the code that reads the raw values of a row into v0, v1, ..."""

    def __init__(self, code: CodeWriter) -> None:
        self._code = code
        self._codes = ""
        self._targets: list[str] = []
        self._after: list[str] = []

    def all(self, columns: Sequence[tuple[int, Read, bool]], skip: int) -> None:
        """Read a whole row: `skip` bytes, then each column (index, read, whether it is wanted)."""
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
        lines = self._code.lines
        if read.counted:
            lines.append(f"if n{index} > 250: n{index}, at = counted(n{index}, body, at)")
            self._code.names["counted"] = counted
        target = f"v{index} = body[at : (at := at + n{index})]" if is_wanted else f"at += n{index}"
        lines.append(target)

    def _add(self, index: int, codes: str) -> list[str]:
        self._codes += codes
        # For `struct`, 3s is one value, 3B are three, and 3x is none.
        found = [(n, code) for n, code in CODES.findall(codes) if code != "x"]
        count = sum(1 if code == "s" else int(n or 1) for n, code in found)
        fields = [f"f{index}_{number}" for number in range(count)]
        self._targets += fields
        return fields

    def _flush(self) -> None:
        codes, size = self._codes, calcsize("<" + self._codes)
        if codes == "B":
            self._code.lines.append(f"{self._targets[0]} = body[at]")
        elif self._targets:
            unpack = self._code.name("unpack", Struct("<" + codes).unpack_from)
            self._code.lines.append(f"{', '.join(self._targets)}, = {unpack}(body, at)")
        self._code.lines.append(f"at += {size}")
        self._code.lines += self._after
        self._codes, self._targets, self._after = "", [], []


@lru_cache(1000)
def reader(read: Read) -> Callable[[bytes, int], tuple[Any, int]]:
    """The function that reads one raw value: (body, at) to the value and the offset after it."""
    code = CodeWriter()
    ReadGenerator(code).all([(0, read, True)], 0)
    made: Callable[[bytes, int], tuple[Any, int]] = compiled(
        READER.format(lines=code.block(4)), code, "read"
    )
    return made


def counted(first: int, body: bytes, at: int) -> tuple[int, int]:
    """A length of the client protocol that has more than one byte; `at` is after its first."""
    if first == 0xFB or first == 0xFF:
        raise ValueError("NULL or an error in place of a length")
    return length_encoded(body, at - 1)
