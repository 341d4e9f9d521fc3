"""Columns that mysqlbinlog prints without loss, and what its texts are in BSON.

Left out are those whose text says less than their bytes: JSON, geometry, vectors. Nothing
here is shared with the decoders that are tested.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

from bson import Decimal128, Int64

from tests.migrator.mysql.on_servers import oracle_values as values

FLOAT = Struct("<f")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: its declaration, values for it, and what its printed text is in BSON."""

    declaration: str
    made: values.Made
    printed: Callable[[bytes], Any]


def signed(printed: bytes) -> int:
    """The number: -1 of "-1 (255)"."""
    return int(printed.split(b" ")[0])


def unsigned(printed: bytes) -> int:
    """The number: 255 of "-1 (255)", which is printed if the highest bit is set."""
    return int(printed.split(b" ")[-1].strip(b"()"))


def wide(number: int) -> Int64 | Decimal128:
    """A number that may be too large for an int64."""
    return Int64(number) if number < 1 << 63 else Decimal128(str(number))


def bits(printed: bytes) -> int:
    """The number: 5 of "b'101'"."""
    return int(printed[2:-1], 2)


def year(printed: bytes) -> int:
    """The year; mysqlbinlog prints 0000, which is kept as no years after 1900, as 1900."""
    # No YEAR is 1900, so this is unambiguous.
    return 0 if printed == b"1900" else int(printed)


def single(printed: bytes) -> float:
    """The double that is exactly the FLOAT nearest to what is printed."""
    found: float = FLOAT.unpack(FLOAT.pack(float(printed)))[0]
    return found


def date(printed: bytes) -> Any:
    """The day of "2020:01:31"; one that does not exist is a text, as MySQL writes it."""
    found = moment(printed.replace(b":", b"-") + b" 00:00:00")
    return found.partition(" ")[0] if isinstance(found, str) else found


def moment(printed: bytes) -> Any:
    """The date and time; a text if it does not exist or has more than milliseconds."""
    whole, _, fraction = printed.decode().partition(".")
    try:
        found = datetime.strptime(whole, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return printed.decode()
    if len(fraction) > 3:
        return printed.decode()
    return found + timedelta(milliseconds=int(fraction.ljust(3, "0")))


def since_1970(printed: bytes) -> Any:
    """The date and time of "1577840523.25", seconds since 1970; 0 is none."""
    seconds, point, fraction = printed.decode().partition(".")
    shown = "0000-00-00 00:00:00"
    if int(seconds):
        shown = f"{values.EPOCH + timedelta(seconds=int(seconds)):%Y-%m-%d %H:%M:%S}"
    return moment(f"{shown}{point}{fraction}".encode())


def label(printed: bytes) -> str:
    """The label of an ENUM by its number from 1 on; 0 is a value that was none."""
    return ("", *values.COLOURS)[int(printed)]


def labels(printed: bytes) -> list[str]:
    """The labels of a SET by their bits."""
    chosen = bits(printed)
    return [colour for place, colour in enumerate(values.COLOURS) if chosen >> place & 1]


def _whole() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for name, width in {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32}.items():
        half = 1 << width - 1
        long: Callable[[int], int] = Int64 if width == 32 else int
        found[f"{name}_"] = Kind(name, values.integers(-half, half - 1), signed)
        found[f"{name}_u"] = Kind(
            f"{name} UNSIGNED",
            values.integers(0, 2 * half - 1),
            lambda printed, long=long: long(unsigned(printed)),  # type: ignore[misc]
        )
    top = 1 << 63
    found["bigint_"] = Kind(
        "BIGINT", values.integers(-top, top - 1), lambda printed: Int64(signed(printed))
    )
    found["bigint_u"] = Kind(
        "BIGINT UNSIGNED", values.integers(0, 2 * top - 1), lambda printed: wide(unsigned(printed))
    )
    return found


def _decimal(precision: int, scale: int) -> Kind:
    convert: Callable[[str], Any] = Decimal128 if precision <= 34 else str
    return Kind(
        f"DECIMAL({precision},{scale})",
        values.decimals(precision, scale),
        lambda printed: convert(printed.decode()),
    )


def _bit(width: int) -> Kind:
    return Kind(
        f"BIT({width})", values.integers(0, (1 << width) - 1), lambda printed: wide(bits(printed))
    )


def _texts(*declarations: str) -> dict[str, Kind]:
    made = values.text(60)
    return {f"text_{i}": Kind(d, made, bytes.decode) for i, d in enumerate(declarations)}


def _octets(*declarations: str) -> dict[str, Kind]:
    made = values.octets(60)
    return {f"octets_{i}": Kind(d, made, bytes) for i, d in enumerate(declarations)}


LABELS = ", ".join("'{}'".format(colour.replace("'", "''")) for colour in values.COLOURS)

KINDS: dict[str, Kind] = {
    **_whole(),
    **{f"decimal_{p}_{s}": _decimal(p, s) for p, s in ((1, 0), (5, 5), (20, 4), (34, 9), (65, 30))},
    "float_": Kind("FLOAT", values.floats(6, 30), single),
    "double_": Kind("DOUBLE", values.floats(15, 300), float),
    **{f"bit_{width}": _bit(width) for width in (1, 13, 64)},
    "year_": Kind("YEAR", values.integers(1901, 2155), year),
    "date_": Kind("DATE", values.dates, date),
    **{f"time_{n}": Kind(f"TIME({n})", values.times, bytes.decode) for n in range(7)},
    **{f"datetime_{n}": Kind(f"DATETIME({n})", values.moments, moment) for n in range(7)},
    **{
        f"timestamp_{n}": Kind(f"TIMESTAMP({n}) NULL", values.since_1970, since_1970)
        for n in range(7)
    },
    **_texts("VARCHAR(60)", "VARCHAR(300)", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"),
    "char_": Kind("CHAR(60)", values.text(60), lambda printed: printed.decode().rstrip(" ")),
    **_octets("VARBINARY(60)", "VARBINARY(300)", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB"),
    "binary_": Kind("BINARY(60)", values.octets(60), lambda printed: printed.ljust(60, b"\0")),
    "enum_": Kind(f"ENUM({LABELS})", values.one_colour, label),
    "set_": Kind(f"SET({LABELS})", values.some_colours, labels),
}
