"""Dates and times, from the text that the server prints."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bson.datetime_ms import DatetimeMS

from migrator.independent.values.column import Column
from migrator.independent.values.form import Refused

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MILLISECOND_DIGITS = 3
"""More digits of a second than a BSON date has."""
IN_KEY = "a key cannot be null"


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that change what a value becomes."""

    zero_dates: Literal["string", "null", "refuse"] = "string"
    microseconds: Literal["truncate", "string"] = "truncate"


def moment(column: Column, options: Options, text: str) -> Any:
    """DATE, DATETIME, TIMESTAMP: a date, or what the settings say."""
    exact = milliseconds(text)
    if exact is None:
        return {
            "string": text,
            "null": None,
            "refuse": Refused(f"{column.name} is a date that does not exist"),
        }[options.zero_dates]
    if column.digits > MILLISECOND_DIGITS and options.microseconds == "string":
        return text
    return exact


def moment_in_key(column: Column, options: Options, text: str) -> Any:
    """The same in `_id`, where two rows must never look the same."""
    value = moment(column, options, text)
    if isinstance(value, Refused):
        return value
    is_exact = isinstance(value, DatetimeMS) and column.digits <= MILLISECOND_DIGITS
    return value if is_exact else text


def milliseconds(text: str) -> DatetimeMS | None:
    """The moment in UTC without what is smaller than a millisecond, None if there is no such."""
    day, _, clock = text.partition(" ")
    whole, _, fraction = (clock or "00:00:00").partition(".")
    try:
        at = datetime(*map(int, day.split("-")), *map(int, whole.split(":")), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return None
    return DatetimeMS((at - EPOCH) // MILLISECOND + int(fraction.ljust(3, "0")[:3]))


def printed(value: str | DatetimeMS) -> str:
    """A moment of an `_id` as the server writes it; raises ValueError if it has no such."""
    if isinstance(value, str):
        return value
    try:
        at = EPOCH + int(value) * MILLISECOND
    except OverflowError as error:
        raise ValueError("not a moment of the source") from error
    return at.strftime("%Y-%m-%d %H:%M:%S.").rjust(20, "0") + f"{at.microsecond:06}"
