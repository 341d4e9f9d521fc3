"""A column's metadata, one number: how the catalogue and how the log give it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Declaration:
    """A column in information_schema, as far as its metadata needs it; 0 for what is absent.

    `name` is DATA_TYPE in small letters, `octets` the longest text in bytes, `fraction`
    the fractional digits of the seconds, and `labels` the number of labels.
    """

    name: str
    octets: int
    precision: int
    scale: int
    fraction: int
    labels: int


@dataclass(frozen=True, slots=True)
class LoggedMetadata:
    """The metadata of a column in a table map: its size in bytes, and how to read its number."""

    size: int
    number: Callable[[bytes], int]


NO_METADATA = LoggedMetadata(0, lambda _: 0)
ONE_BYTE = LoggedMetadata(1, lambda data: data[0])
LITTLE_ENDIAN = LoggedMetadata(2, lambda data: int.from_bytes(data, "little"))
BIG_ENDIAN = LoggedMetadata(2, lambda data: int.from_bytes(data, "big"))


class Listed(Enum):
    """The list of a table map's optional metadata in which a column has an entry.

    NUMBERS have a sign, TEXTS a collation, ENUMS and SETS a collation and labels. Each server
    also gives a collation to one kind without text; that entry means nothing.
    """

    NOWHERE = auto()
    NUMBERS = auto()
    TEXTS = auto()
    TEXTS_OF_MYSQL = auto()
    TEXTS_OF_MARIADB = auto()
    ENUMS = auto()
    SETS = auto()
