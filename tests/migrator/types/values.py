"""Values to write, and what a client reads of them, as it should be in BSON.

Nothing here is shared with the decoders that are tested.
"""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128, Int64
from hypothesis import strategies as st

from migrator.mysql.columns.codec import TypeOptions

Reading = Callable[[Any, TypeOptions], Any]


def plain(convert: Callable[[Any], Any]) -> Reading:
    return lambda text, _: convert(text)


def int64(text: Any) -> Any:
    number = int(text)
    return Int64(number) if number < 1 << 63 else Decimal128(str(number))


def temporal(text: str, options: TypeOptions) -> Any:
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


def temporal_key(text: str, options: TypeOptions) -> Any:
    return text if "." in text and len(text) > 23 else temporal(text, TypeOptions())


def json_document(text: str, _: TypeOptions) -> Any:
    return json.loads(text, parse_int=whole_of_json)


def whole_of_json(digits: str) -> Any:
    number = int(digits)
    return number if -(1 << 31) <= number < 1 << 31 else int64(digits)


def geojson(text: str, _: TypeOptions) -> Any:
    found = json.loads(text, parse_int=float)
    return {"type": found["type"], "coordinates": found["coordinates"]}


def labels(text: str) -> list[str]:
    return text.split(",") if text else []


def between(low: int, high: int) -> st.SearchStrategy[int]:
    return st.sampled_from([low, high, 0 if low < 0 else low + 1]) | st.integers(low, high)


def scaled(number: int, scale: int) -> str:
    digits = f"{abs(number):0{scale + 1}}"
    point = len(digits) - scale
    return f"{'-' * (number < 0)}{digits[:point]}.{digits[point:]}"


def day(low: int) -> st.SearchStrategy[str]:
    real = st.dates(datetime(low, 1, 1).date()).map(str)
    edges = st.sampled_from(["1000-01-01", "1969-12-31", "9999-12-31"])
    return real | edges | st.sampled_from(["0000-00-00", "2020-00-15", "2020-02-00", "2023-02-29"])


def clock(digits: int) -> st.SearchStrategy[str]:
    whole = st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59)).map(
        lambda parts: "{:02}:{:02}:{:02}".format(*parts)
    )
    if not digits:
        return whole
    fractions = st.sampled_from([0, 1, 10**digits - 1]) | st.integers(0, 10**digits - 1)
    return st.tuples(whole, fractions).map(lambda both: f"{both[0]}.{both[1]:0{digits}}")


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRAILING = st.tuples(WORDS, st.sampled_from(["", " ", "  ", "\t", "\0"])).map("".join)
ASCII = st.text(st.characters(max_codepoint=127), max_size=12)
LATIN = st.text(st.sampled_from("aZ é€ÿ'\\\0\x81"), max_size=12)
TRAILING_SHORT = TRAILING.map(lambda word: word[-9:])
CHINESE = st.text(st.sampled_from("中文a é'"), max_size=12)
LONGER_WORDS = WORDS.map(lambda word: word * 99)
LONG_TEXT = WORDS | st.tuples(WORDS, st.integers(1, 9000)).map(lambda both: both[0] * both[1])
BYTES = st.binary(max_size=8)
LONGER_BYTES = BYTES.map(lambda data: data * 31)
ENDS = st.sampled_from([b"", b"\0", b"\0\0", b" "])
SHORT_BYTES = st.binary(max_size=4)
PADDED = st.tuples(SHORT_BYTES, ENDS).map(b"".join)
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
LINES = st.lists(POINTS, min_size=2, max_size=5).map(",".join)
RINGS = st.lists(POINTS, min_size=3, max_size=5).map(lambda ring: ",".join([*ring, ring[0]]))
SHAPES = (
    POINTS.map("POINT({})".format)
    | LINES.map("LINESTRING({})".format)
    | RINGS.map("POLYGON(({}))".format)
)
# MariaDB takes no version above 7 together with a variant that is not RFC 4122's.
UUIDS = st.builds(
    lambda number, version: str(
        uuid.UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | version << 76 | 0x2 << 62)
    ),
    st.integers(0, 2**128 - 1),
    st.integers(1, 7),
)
