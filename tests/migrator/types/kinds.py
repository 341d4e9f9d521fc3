"""Columns of every type: values for them, and what a client reads, as it should be in BSON.

What is expected comes from the text that the server answers to a client. Nothing here is
shared with the decoders that are tested.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Binary, Decimal128, Int64
from hypothesis import strategies as st

from migrator.mysql.columns.codec import TypeOptions

Reading = Callable[[Any, TypeOptions], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: its declaration, SQL arguments for it, and how what is read back is understood.

    `read` is the expression that a client selects, with {} for the column. `key` is how the
    value is understood inside `_id`, where that differs.
    """

    declaration: str
    values: st.SearchStrategy[Any]
    expected: Reading
    read: str = "{}"
    key: Reading | None = None


def _plain(convert: Callable[[Any], Any]) -> Reading:
    return lambda text, _: convert(text)


def _int64(text: Any) -> Any:
    number = int(text)
    return Int64(number) if number < 1 << 63 else Decimal128(str(number))


def _temporal(text: str, options: TypeOptions) -> Any:
    day, _, clock = text.partition(" ")
    year, month, date = map(int, day.split("-"))
    whole, _, fraction = clock.partition(".")
    hour, minute, second = map(int, whole.split(":")) if whole else (0, 0, 0)
    micro = int(fraction.ljust(6, "0")) if fraction else 0
    try:
        moment = datetime(year, month, date, hour, minute, second, micro, UTC)
    except ValueError:
        return text if options.zero_dates == "string" else None
    return text if len(fraction) > 3 and options.microseconds == "string" else moment


def _temporal_key(text: str, options: TypeOptions) -> Any:
    return text if "." in text and len(text) > 23 else _temporal(text, TypeOptions())


def _json(text: str, _: TypeOptions) -> Any:
    return json.loads(text, parse_int=_json_int)


def _json_int(digits: str) -> Any:
    number = int(digits)
    return number if -(1 << 31) <= number < 1 << 31 else _int64(digits)


def _geojson(text: str, _: TypeOptions) -> Any:
    found = json.loads(text, parse_int=float)
    return {"type": found["type"], "coordinates": found["coordinates"]}


def _between(low: int, high: int) -> st.SearchStrategy[int]:
    return st.sampled_from([low, high, 0 if low < 0 else low + 1]) | st.integers(low, high)


def _whole(declaration: str, bits: int, convert: Callable[[Any], Any] = int) -> dict[str, Kind]:
    name = declaration.lower()
    half = 1 << bits - 1
    return {
        name: Kind(declaration, _between(-half, half - 1), _plain(int if bits < 64 else _int64)),
        f"{name}_u": Kind(f"{declaration} UNSIGNED", _between(0, 2 * half - 1), _plain(convert)),
    }


def _decimal(precision: int, scale: int) -> Kind:
    top = 10**precision - 1
    texts = _between(-top, top).map(lambda number: f"{number}e-{scale}")
    written = texts.map(lambda text: _scaled(int(text.partition("e")[0]), scale))
    convert: Callable[[Any], Any] = Decimal128 if precision <= 34 else str
    return Kind(f"DECIMAL({precision},{scale})", written, _plain(convert))


def _scaled(number: int, scale: int) -> str:
    digits = f"{abs(number):0{scale + 1}}"
    point = len(digits) - scale
    return f"{'-' * (number < 0)}{digits[:point]}.{digits[point:]}"


def _day(low: int) -> st.SearchStrategy[str]:
    real = st.dates(datetime(low, 1, 1).date()).map(str)
    return real | st.sampled_from(["0000-00-00", "2020-00-15", "2020-02-00", "2023-02-29"])


def _clock(digits: int) -> st.SearchStrategy[str]:
    plain = st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)).map(
        lambda parts: "{:02}:{:02}:{:02}".format(*parts)
    )
    if not digits:
        return plain
    fractions = st.sampled_from([0, 1, 10**digits - 1]) | st.integers(0, 10**digits - 1)
    return st.tuples(plain, fractions).map(lambda both: f"{both[0]}.{both[1]:0{digits}}")


def _datetime(digits: int) -> Kind:
    written = st.tuples(_day(1), _clock(digits)).map(" ".join)
    return Kind(f"DATETIME({digits})", written, _temporal, key=_temporal_key)


def _timestamp(digits: int) -> Kind:
    seconds = st.integers(1, 2**31 - 1) | st.sampled_from([1, 2**31 - 1])
    written = st.tuples(seconds, _clock(digits)).map(
        lambda both: f"{datetime.fromtimestamp(both[0], UTC):%Y-%m-%d %H:%M:%S}{both[1][8:]}"
    )
    return Kind(f"TIMESTAMP({digits}) NULL", st.just("0000-00-00") | written, _temporal)


def _time(digits: int) -> Kind:
    hours = st.sampled_from([-838, 838]) | st.integers(-838, 838)
    written = st.tuples(st.sampled_from(["", "-"]), hours, _clock(digits)).map(
        lambda parts: f"{parts[0]}{abs(parts[1]):03}{parts[2][2:]}"
    )
    extremes = st.sampled_from(["-838:59:59", "838:59:59", "-00:00:00.000001", "00:00:00"])
    return Kind(f"TIME({digits})", extremes | written, _plain(str))


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRAILING = st.tuples(WORDS, st.sampled_from(["", " ", "  ", "\t", "\0"])).map("".join)
LATIN = st.text(st.sampled_from("aZ é€ÿ'\\\0\x81"), max_size=12)
LONG_TEXT = WORDS | st.tuples(WORDS, st.integers(1, 9000)).map(lambda both: both[0] * both[1])
BYTES = st.binary(max_size=8)
PADDED = st.tuples(st.binary(max_size=4), st.sampled_from([b"", b"\0", b"\0\0", b" "]))
LONG_BYTES = BYTES | st.tuples(st.binary(min_size=1, max_size=9), st.integers(60_000, 70_000)).map(
    lambda both: (both[0] * both[1])[: both[1]]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NARROW = st.floats(-(2.0**127), 2.0**127, width=32)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | NUMBERS | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.sampled_from("ab$.é ")), inner, max_size=4)
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value, ensure_ascii=False))
POINTS = st.tuples(st.integers(-180, 180), st.integers(-90, 90)).map(
    lambda point: "{} {}".format(*point)
)
LINES = st.lists(POINTS, min_size=2, max_size=5).map(lambda points: f"({','.join(points)})")


# MariaDB takes no version above 7 together with a variant that is not RFC 4122's.
UUIDS = st.builds(
    lambda number, version: str(
        uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | version << 76 | 0x2 << 62)
    ),
    st.integers(0, 2**128 - 1),
    st.integers(1, 7),
)


def _set(text: str) -> list[str]:
    return text.split(",") if text else []


COMMON: dict[str, Kind] = {
    **_whole("TINYINT", 8),
    **_whole("SMALLINT", 16),
    **_whole("MEDIUMINT", 24),
    **_whole("INT", 32, Int64),
    **_whole("BIGINT", 64, _int64),
    "dec": _decimal(10, 2),
    "dec_4": _decimal(4, 4),
    "dec_18": _decimal(18, 9),
    "dec_19": _decimal(19, 1),
    "dec_34": _decimal(34, 12),
    "dec_35": _decimal(35, 1),
    "dec_65": _decimal(65, 30),
    "dec_fill": Kind("DECIMAL(12,3) ZEROFILL", _between(0, 10**9 - 1), _plain(Decimal128)),
    "flt": Kind("FLOAT", NARROW, _plain(float), read="CAST({} AS DOUBLE)"),
    "dbl": Kind("DOUBLE", NUMBERS, _plain(float)),
    "bit_1": Kind("BIT(1)", st.integers(0, 1), _plain(_int64), read="{} + 0"),
    "bit_13": Kind("BIT(13)", _between(0, 8191), _plain(_int64), read="{} + 0"),
    "bit_64": Kind("BIT(64)", _between(0, 2**64 - 1), _plain(_int64), read="{} + 0"),
    "yr": Kind("YEAR", st.just(0) | st.integers(1901, 2155), _plain(int)),
    "d": Kind("DATE", _day(1), _temporal),
    **{f"dt_{digits}": _datetime(digits) for digits in range(7)},
    **{f"ts_{digits}": _timestamp(digits) for digits in range(7)},
    **{f"t_{digits}": _time(digits) for digits in range(7)},
    "ch": Kind("CHAR(14)", TRAILING, _plain(str)),
    "ch_latin": Kind("CHAR(14) CHARACTER SET latin1", LATIN, _plain(str)),
    "ch_utf16": Kind("CHAR(14) CHARACTER SET utf16", TRAILING, _plain(str)),
    "ch_wide": Kind("CHAR(200) CHARACTER SET utf32", TRAILING, _plain(str)),
    "vc": Kind("VARCHAR(14)", TRAILING, _plain(str)),
    "vc_latin": Kind("VARCHAR(300) CHARACTER SET latin1", LATIN, _plain(str)),
    "vc_ucs2": Kind("VARCHAR(14) CHARACTER SET utf32", TRAILING, _plain(str)),
    "vc_hidden": Kind("VARCHAR(14) INVISIBLE", WORDS, _plain(str)),
    "txt": Kind("MEDIUMTEXT", LONG_TEXT, _plain(str)),
    "txt_tiny": Kind("TINYTEXT", WORDS, _plain(str)),
    "bin": Kind("BINARY(6)", PADDED.map(b"".join), _plain(bytes)),
    "bin_wide": Kind("BINARY(255)", PADDED.map(b"".join), _plain(bytes)),
    "vbin": Kind("VARBINARY(300)", PADDED.map(b"".join), _plain(bytes)),
    "blb": Kind("LONGBLOB", LONG_BYTES, _plain(bytes)),
    "en": Kind("ENUM('a', 'ü', 'c,d')", st.sampled_from(["a", "ü", "c,d", "none"]), _plain(str)),
    "en_wide": Kind(
        f"ENUM({','.join(repr(f'label{number}') for number in range(300))})",
        _between(0, 300),
        _plain(str),
    ),
    "en_bin": Kind(
        "ENUM('a', 'ü') CHARACTER SET binary",
        st.sampled_from(["a", "ü", ""]),
        _plain(lambda data: data.decode()),
    ),
    "se": Kind("SET('x', 'y', 'ü')", st.sets(st.sampled_from("xyü")).map(",".join), _plain(_set)),
    "se_empty": Kind("SET('', 'x', 'y') CHARACTER SET utf16", st.integers(0, 7), _plain(_set)),
    "se_wide": Kind(
        f"SET({','.join(repr(f'label{number}') for number in range(64))})",
        _between(0, 2**64 - 1),
        _plain(_set),
    ),
    "se_24": Kind(
        f"SET({','.join(repr(f'l{number}') for number in range(20))})",
        _between(0, 2**20 - 1),
        _plain(_set),
    ),
}
COMPRESSED = "COMPRESSED CHARACTER SET utf16"
OWN: dict[str, dict[str, Kind]] = {
    "mysql": {
        "js": Kind("JSON", JSON, _json),
        "vec": Kind(
            "VECTOR(5)",
            st.binary(min_size=4, max_size=20).map(lambda data: data[: len(data) // 4 * 4]),
            _plain(lambda text: Binary(b"\x27\0" + bytes.fromhex(text), 9)),
            read="HEX({})",
        ),
    },
    "mariadb": {
        "js": Kind("JSON", JSON, _plain(str)),
        "uid": Kind(
            "UUID",
            UUIDS,
            _plain(lambda text: Binary.from_uuid(uuid.UUID(text))),
        ),
        "ip_4": Kind("INET4", st.ip_addresses(v=4).map(str), _plain(str)),
        "ip_6": Kind("INET6", st.ip_addresses(v=6).map(str), _plain(str)),
        "zip": Kind("LONGTEXT COMPRESSED", LONG_TEXT, _plain(str)),
        "zip_vc": Kind("VARCHAR(2000) COMPRESSED", WORDS.map(lambda t: t * 99), _plain(str)),
        "zip_16": Kind(f"VARCHAR(99) {COMPRESSED}", WORDS.map(lambda t: t * 8), _plain(str)),
        "zip_blob": Kind("LONGBLOB COMPRESSED", LONG_BYTES, _plain(bytes)),
        "zip_vbin": Kind("VARBINARY(255) COMPRESSED", BYTES.map(lambda b: b * 31), _plain(bytes)),
    },
}
KEY = ("id", "k_txt", "k_dt", "k_se", "k_en", "k_bin", "k_day")
KEYS: dict[str, Kind] = {
    "k_txt": Kind("VARCHAR(14) COLLATE utf8mb4_bin NOT NULL", WORDS, _plain(str)),
    "k_dt": Kind("DATETIME(5) NOT NULL", COMMON["dt_5"].values, _temporal, key=_temporal_key),
    "k_se": Kind("SET('x', 'y') NOT NULL", _between(0, 3), _plain(_set), key=_plain(str)),
    "k_en": Kind("ENUM('a', 'b') NOT NULL", _between(0, 2), _plain(str)),
    "k_bin": Kind("BINARY(4) NOT NULL", BYTES.map(lambda b: b[:4]), _plain(bytes)),
    "k_day": Kind("DATE NOT NULL", _day(1), _temporal, key=_temporal_key),
}
GENERATED: dict[str, Kind] = {
    "g_virtual": Kind("BIGINT AS (`int` + 1) VIRTUAL", st.nothing(), _plain(_int64)),
    "g_text": Kind("VARCHAR(99) AS (CONCAT(vc, '!')) VIRTUAL", st.nothing(), _plain(str)),
    "g_stored": Kind("VARCHAR(99) AS (CONCAT(vc, '!')) STORED", st.nothing(), _plain(str)),
}
