"""A column's metadata, one number: where the catalogue and where the log have it from."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a column's metadata follows from in information_schema; 0 for what it does not say.

    `name` is DATA_TYPE in small letters, `octets` the longest text in bytes, `fraction`
    the digits behind the seconds, and `labels` the number of labels.
    """

    name: str
    octets: int
    precision: int
    scale: int
    fraction: int
    labels: int


@dataclass(frozen=True, slots=True)
class LoggedMetadata:
    """The metadata of a column in a table map: how many bytes, and the number that they are."""

    size: int
    number: Callable[[bytes], int]


NO_METADATA = LoggedMetadata(0, lambda _: 0)
ONE_BYTE = LoggedMetadata(1, lambda data: data[0])
LITTLE_ENDIAN = LoggedMetadata(2, lambda data: int.from_bytes(data, "little"))
BIG_ENDIAN = LoggedMetadata(2, lambda data: int.from_bytes(data, "big"))


class Listed(Enum):
    """In which list of a table map's optional metadata a column has an entry.

    NUMBERS have a sign, TEXTS a collation, ENUMS and SETS a collation and labels. Each server
    counts one kind among the texts that has no text, and whose entry means nothing.
    """

    NOWHERE = auto()
    NUMBERS = auto()
    TEXTS = auto()
    TEXTS_OF_MYSQL = auto()
    TEXTS_OF_MARIADB = auto()
    ENUMS = auto()
    SETS = auto()
