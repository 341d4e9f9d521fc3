"""Dates and times of MySQL, which may be invalid, and their conversion to BSON."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from migrator.mysql.columns.codec import (
    INT64,
    Bson,
    Codec,
    Inline,
    Read,
    TypeOptions,
    Value,
    refused,
    string,
)

DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS = 1_000_000
"""The microseconds of a second."""
MILLISECONDS_MAX = 3
"""The fractional digits that a BSON date can hold."""
EPOCH_DAY = EPOCH.toordinal()
REMEMBERED_MAX = 100_000


class Moment(NamedTuple):
    """The parts of a date and time; it may be invalid."""

    year: int = 0
    month: int = 0
    day: int = 0
    hour: int = 0
    minute: int = 0
    second: int = 0
    microsecond: int = 0


class Remembered(dict[Any, int]):
    """A cache of a function's results, by its argument; exceptions are not cached."""

    def __init__(self, find: Callable[[Any], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: Any) -> int:
        if len(self) >= REMEMBERED_MAX:
            self.clear()
        found = self[key] = self._find(key)
        return found


def day_ms(year: int, month: int, day: int) -> int:
    """Midnight UTC in milliseconds since 1970; raises `ValueRefused` if there is no such day."""
    try:
        return (date(year, month, day).toordinal() - EPOCH_DAY) * DAY_MS
    except ValueError as error:
        raise refused("is not a date of the calendar") from error


def clock_ms(hour: int, minute: int, second: int) -> int:
    """A time of the day in milliseconds; raises `ValueRefused` if it is invalid."""
    if hour > 23 or minute > 59 or second > 59:
        raise refused("is not a time of day")
    return ((hour * 60 + minute) * 60 + second) * 1000


def date_text(moment: Moment) -> str:
    """A date as MySQL prints it."""
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def datetime_text(moment: Moment, digits: int) -> str:
    """A date and time as MySQL prints it, with `digits` of its fraction."""
    clock = time_text(False, moment.hour, moment.minute, moment.second, moment.microsecond, digits)
    return f"{date_text(moment)} {clock}"


def time_text(
    negative: bool, hour: int, minute: int, second: int, microsecond: int, digits: int
) -> str:
    """A time as MySQL prints it, with `digits` of its fraction."""
    fraction = f".{microsecond:06}"[: digits + 1] if digits else ""
    return f"{'-' if negative else ''}{hour:02}:{minute:02}:{second:02}{fraction}"


def for_key(options: TypeOptions) -> TypeOptions:
    """The options for `_id`, which must not be null."""
    # Two different invalid dates must not have the same key.
    return TypeOptions("string" if options.zero_dates == "null" else options.zero_dates)


def date_value(moment: Moment, text: Callable[[Moment], str], options: TypeOptions) -> Value:
    """A BSON date; an invalid date becomes what `zero_dates` says, and `text` formats it."""
    if not _is_real(moment) and options.zero_dates != "refuse":
        return string(text(moment)) if options.zero_dates == "string" else (Bson.NULL, b"")
    return Bson.DATE, INT64(moment_ms(moment))


def text_or_null(moment: Moment, text: Callable[[Moment], str]) -> Value:
    """The text of a date, or null if it is invalid."""
    return string(text(moment)) if _is_real(moment) else (Bson.NULL, b"")


def _is_real(moment: Moment) -> bool:
    try:
        datetime(*moment)  # Raises unless it exists.
    except ValueError:
        return False
    return True


def moment_ms(moment: Moment) -> int:
    """Milliseconds since 1970; raises `ValueRefused` for an invalid date."""
    day = day_ms(moment.year, moment.month, moment.day)
    clock = clock_ms(moment.hour, moment.minute, moment.second)
    return day + clock + moment.microsecond // 1000


def since_1970(seconds: int, microsecond: int) -> Moment:
    """The moment `seconds` after EPOCH, in UTC; the zero date for 0 seconds."""
    if seconds == 0:
        return Moment(microsecond=microsecond)
    found = EPOCH + timedelta(seconds=seconds)
    return Moment(*found.timetuple()[:6], microsecond)


def day_codec(
    read: Read, moment: Callable[[Any], Moment], inline: Inline, options: TypeOptions
) -> Codec:
    """The codec of a column of dates; `moment` converts its raw value."""

    def value(raw: Any) -> Value:
        return date_value(moment(raw), date_text, options)

    def key(raw: Any) -> Value:
        return date_value(moment(raw), date_text, for_key(options))

    return Codec(read, value, inline, key if options.zero_dates == "null" else None)


def moment_codec(
    read: Read,
    moment: Callable[[Any], Moment],
    inline: Inline | None,
    digits: int,
    options: TypeOptions,
) -> Codec:
    """The codec of a column of dates with times, and `digits` fractional digits."""

    def text(found: Moment) -> str:
        return datetime_text(found, digits)

    def value(raw: Any) -> Value:
        return date_value(moment(raw), text, options)

    def key(raw: Any) -> Value:
        return date_value(moment(raw), text, for_key(options))

    def exact(raw: Any) -> Value:
        found = moment(raw)
        if options.zero_dates == "refuse":
            moment_ms(found)
        return string(text(found))

    if digits <= MILLISECONDS_MAX:
        return Codec(read, value, inline, key if options.zero_dates == "null" else None)
    if options.microseconds == "truncate":
        return Codec(read, value, inline, exact)
    if options.zero_dates != "null":
        return Codec(read, exact)
    return Codec(read, lambda raw: text_or_null(moment(raw), text), None, exact)
