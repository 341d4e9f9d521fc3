"""DECIMAL as the server packs it, in a row image and in binary JSON.

Groups of nine digits in four big-endian bytes; the outermost group on either side may be
shorter. The highest bit is set if the number is not negative; a negative number has all its
bits inverted. Source: MySQL, strings/decimal.cc, decimal2bin.
"""

BYTES_OF_DIGITS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
"""How many bytes 0 to 9 digits take."""

Groups = tuple[tuple[int, int], ...]
"""Pairs of bytes and digits."""


def groups_of(precision: int, scale: int) -> Groups:
    """The groups of a DECIMAL(precision, scale); incomplete groups are outermost."""
    whole = precision - scale
    sizes = [whole % 9, *[9] * (whole // 9), *[9] * (scale // 9), scale % 9]
    return tuple((BYTES_OF_DIGITS[digits], digits) for digits in sizes if digits)


def size_of(groups: Groups) -> int:
    """The size of a value in bytes."""
    return sum(length for length, _ in groups)


def coefficient(groups: Groups, data: bytes) -> int:
    """The digits of a value as one signed integer, without the decimal point."""
    top = 1 << size_of(groups) * 8 - 1
    bits = int.from_bytes(data, "big")
    sign, bits = (1, bits ^ top) if bits & top else (-1, bits ^ (top - 1))
    total, power = 0, 1
    for length, digits in reversed(groups):
        total += (bits & ((1 << length * 8) - 1)) * power
        bits >>= length * 8
        power *= 10**digits
    return sign * total


def scaled(number: int, scale: int) -> str:
    """`number` times ten to the power of minus `scale`, as MySQL prints it."""
    digits = str(abs(number)).rjust(scale + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else f"{sign}{digits}"
