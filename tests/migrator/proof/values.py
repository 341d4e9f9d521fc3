"""Seeded values for columns: ordinary ones, and the edges of each type."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

Value = Callable[[Random], Any]

LETTERS = "abcxyzABCXYZ 0189'\"\\%_\t\nßéøÅñ" + "سلام‌دنیا" + "漢字かな" + "😀🧭𝄞"
WORDS = ("apple", "Äpfel", "straße", "résumé", "naïve", "ZOË", "чай", "سلام", "茶", "tea 🍵")
START = datetime(2001, 2, 3, 4, 5, 6)


def integers(first: int, last: int) -> Value:
    """Integers from `first` to `last`; in one of eight cases one of the two."""
    return lambda random: (
        random.choice((first, last)) if random.random() < 0.125 else random.randint(first, last)
    )


def below(count: int) -> Value:
    """Keys: integers from 1 to `count`."""
    return lambda random: random.randint(1, count)


def text(longest: int) -> Value:
    """Text of many scripts."""
    return lambda random: "".join(random.choices(LETTERS, k=random.randint(0, longest)))


def ascii_text(longest: int) -> Value:
    """Text of letters and digits."""
    return lambda random: "".join(
        random.choices("abcdefXYZ0123456789", k=random.randint(0, longest))
    )


def word(random: Random) -> str:
    """A word in one of the spellings that a collation without case takes for the same."""
    spelling = random.choice((str.lower, str.upper, str.title, str))
    return f"{spelling(random.choice(WORDS))}{random.randint(0, 9)}"


def code(random: Random) -> str:
    """One of 150 codes."""
    return f"C-{random.randint(1, 150):05}"


def one_of(*choices: Any) -> Value:
    """One of these."""
    return lambda random: random.choice(choices)


def some_of(*members: str) -> Value:
    """A SET's value: some of these."""
    return lambda random: ",".join(member for member in members if random.random() < 0.5)


def maybe(value: Value) -> Value:
    """NULL in one of five cases."""
    return lambda random: None if random.random() < 0.2 else value(random)


def decimals(precision: int, scale: int) -> Value:
    """Decimal numbers of that size."""
    top = 10**precision - 1

    def value(random: Random) -> Decimal:
        edge = random.choice((0, top, -top, random.randint(-top, top), random.randint(-999, 999)))
        # Not by arithmetic, which rounds to 28 digits.
        return Decimal(f"{edge}e-{scale}")

    return value


def doubles(random: Random) -> float:
    """Floating-point numbers of any size."""
    return random.choice((0.0, 1.5, -0.1, 1e-300, 1e300, random.uniform(-1e6, 1e6)))


def floats(random: Random) -> float:
    """Floating-point numbers that FLOAT rounds."""
    return random.choice((0.0, 1.5, -0.1, 3.4e38, random.uniform(-1e6, 1e6)))


def moments(digits: int) -> Value:
    """Points in time from 2001 on, with `digits` of a fraction."""

    def value(random: Random) -> str:
        moment = START + timedelta(seconds=random.randint(0, 10**9))
        fraction = f".{random.randrange(10**digits):0{digits}}" if digits else ""
        return f"{moment:%Y-%m-%d %H:%M:%S}{fraction}"

    return value


def days(count: int) -> Value:
    """One of the `count` days from 2020 on."""
    return lambda random: date(2020, 1, 1) + timedelta(days=random.randrange(count))


def times(random: Random) -> str:
    """TIME values, negative and beyond a day too."""
    edges = ("-838:59:59", "838:59:59", "00:00:00", "-00:00:01")
    hours = random.randint(-838, 838)
    return random.choice((*edges, f"{hours}:{random.randint(0, 59):02}:{random.randint(0, 59):02}"))


def raw(longest: int, shortest: int = 0) -> Value:
    """Bytes; in one of eight cases as many as may be."""
    return lambda random: random.randbytes(
        longest if random.random() < 0.125 else random.randint(shortest, min(longest, 200))
    )


def sixteen_bytes(random: Random) -> bytes:
    """One of 100 binary keys of sixteen bytes, some of which end in zeros."""
    number = random.randint(1, 100)
    return number.to_bytes(16, "little" if number % 2 else "big")


def huge(random: Random) -> int:
    """One of 100 unsigned keys on both sides of 2^63."""
    return 2**63 - 50 + random.randint(0, 99)


def documents(random: Random) -> str:
    """JSON documents."""
    leaves: tuple[Any, ...] = (
        None,
        True,
        False,
        0,
        -1,
        2**53,
        -(2**63),
        1.5,
        1e-7,
        "",
        "é😀",
        "x" * 300,
    )
    value: Any = random.choice(leaves)
    for _ in range(random.randint(0, 4)):
        pair = {"k": value, random.choice(("a b", "ключ", "n")): random.choice(leaves)}
        value = random.choice(([value, random.choice(leaves)], pair))
    return json.dumps(value, ensure_ascii=False)
