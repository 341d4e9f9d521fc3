"""Seeded values for the columns that mysqlbinlog is asked about: ordinary ones, and edges."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LETTERS = "abc XYZ019'\"\\%_\t\n\r\b\0\x1a\x7f`#/*=@" + "ßéøسلام‌漢字😀𝄞"
# What would confuse a reader of mysqlbinlog's text.
HOSTILE = (
    "' /* INT meta=0 nullable=1 is_null=0 */",
    "\n### INSERT INTO `a`.`b`\n### SET\n###   @1=1",
    "\\x00\\n\\'",
    "NULL",
)
COLOURS = ("red", "grün", "آبی", "it's")
DATES = ("0000-00-00", "2020-00-10", "2021-02-00", "1000-01-01", "9999-12-31")
TIMES = ("-838:59:59", "838:59:59", "-00:00:00.000001", "-00:00:01", "00:00:00")

Made = Callable[[Random], Any]


def integers(first: int, last: int) -> Made:
    """Integers from `first` to `last`, half of them at the edges."""
    return lambda random: random.choice((first, last, 0, *[random.randint(first, last)] * 3))


def decimals(precision: int, scale: int) -> Made:
    """Numbers of so many digits or fewer, as SQL writes them."""

    def made(random: Random) -> str:
        drawn = random.randrange(10 ** random.randint(1, precision))
        number = random.choice((0, 1, 10**precision - 1, drawn, drawn))
        digits = str(number).rjust(scale + 1, "0")
        point = len(digits) - scale
        return f"{random.choice('+-')}{digits[:point]}.{digits[point:]}"

    return made


def floats(digits: int, exponent: int) -> Made:
    """Numbers of so many significant digits."""

    def made(random: Random) -> float:
        number = random.uniform(-10, 10) * 10.0 ** random.randint(-exponent, exponent)
        return random.choice((0.0, -1.5, *[float(f"{number:.{digits}g}")] * 3))

    return made


def text(longest: int) -> Made:
    """Text of many scripts, with everything that must be escaped."""

    def made(random: Random) -> str:
        hostile = random.choice(HOSTILE)
        if random.random() < 0.2 and len(hostile) <= longest:
            return hostile
        return "".join(random.choices(LETTERS, k=random.randint(0, longest)))

    return made


def octets(longest: int) -> Made:
    """Bytes, some with zeros at their end."""

    def made(random: Random) -> bytes:
        drawn = random.randbytes(random.randint(0, longest))
        return drawn[:-2] + b"\0\0" if random.random() < 0.3 and len(drawn) > 2 else drawn

    return made


def dates(random: Random) -> str:
    """Dates, and some that are none."""
    day = datetime(1900, 1, 1) + timedelta(days=random.randrange(80_000))
    return random.choice((*DATES, *[f"{day:%Y-%m-%d}"] * 5))


def times(random: Random) -> str:
    """Times of both signs, with six fractional digits."""
    clock = f"{random.randrange(838)}:{random.randrange(60)}:{random.randrange(60)}"
    drawn = f"{random.choice(('', '-'))}{clock}.{random.randrange(10**6):06}"
    return random.choice((*TIMES, *[drawn] * 5))


def moments(random: Random) -> str:
    """Dates with a time of the day."""
    clock = f"{random.randrange(24)}:{random.randrange(60)}:{random.randrange(60)}"
    return f"{dates(random)} {clock}.{random.choice((0, random.randrange(10**6))):06}"


def since_1970(random: Random) -> str:
    """What a TIMESTAMP can hold."""
    second = random.choice((1, (1 << 31) - 2, *[random.randrange(1, 1 << 31)] * 4))
    moment = EPOCH + timedelta(seconds=second, microseconds=random.randrange(499_999))
    return random.choice(("0000-00-00 00:00:00", *[f"{moment:%Y-%m-%d %H:%M:%S.%f}"] * 5))


def one_colour(random: Random) -> str:
    """A label, or none of them."""
    return random.choice((*COLOURS, "none"))


def some_colours(random: Random) -> str:
    """Labels of a SET."""
    return ",".join(colour for colour in COLOURS if random.random() < 0.5)
