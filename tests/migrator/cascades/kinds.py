"""The types of columns that foreign keys join, and a few values of each.

Values are few, so that rows meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

BIGINT_UNSIGNED_MAX = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """A type as it is declared."""

    declared: str
    values: Sequence[Any]
    steps: bool = False
    """Whether `k + 1` and `k + 100` are other values of it."""


INT = Kind("INT", range(1, 13), steps=True)
LETTERS = Kind("ENUM('a', 'b', 'c', 'd', 'e')", ("a", "b", "c", "d", "e"))
EXACT = (
    INT,
    INT,
    Kind("BIGINT UNSIGNED", [BIGINT_UNSIGNED_MAX - 400 + n for n in range(6)], steps=True),
    Kind("DECIMAL(20,2)", [Decimal(n) / 4 for n in range(-2, 5)], steps=True),
    Kind("VARBINARY(8)", (b"", b"\0", b"\0\0", b"a", b"a\0", b"\xff")),
    Kind("BINARY(3)", (b"\0\0\0", b"a\0\0", b"a\0b", b"\xff\xfe\xfd")),
    Kind("DATETIME(3)", [datetime(2024, 2, 29, 23, 59, 59, 1000 * n) for n in range(5)]),
    LETTERS,
)
"""Equal values of these are equal bytes."""
LOOSE = Kind(
    "VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    ("abc", "ABC", "aBc", "e", "é", "É", "", "x"),
)
"""Values of it are equal to the server that are not to MongoDB."""


def text(*, mariadb: bool) -> Kind:
    """Text whose collation compares bytes, and does not pad them with spaces."""
    collation = "utf8mb4_nopad_bin" if mariadb else "utf8mb4_0900_bin"
    values = ("", "a", "A", "a ", "é", "چای", "😀")
    return Kind(f"VARCHAR(9) CHARACTER SET utf8mb4 COLLATE {collation}", values)


def literal(value: Any) -> str:
    """The value in SQL."""
    match value:
        case None:
            return "NULL"
        case bytes():
            return f"X'{value.hex()}'"
        case int() | Decimal():
            return str(value)
        case _:
            return f"'{value}'"
