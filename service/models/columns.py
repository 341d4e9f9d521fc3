"""Columns and enumerations that can be read whatever value a row holds.

The service writes only values that it can read. But another version or hand-written SQL may
have written a row, and one value that raised an error would make its whole list unreadable.
The classes have the names of Tortoise's own, which its migrations compare.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from ciso8601 import parse_datetime
from tortoise import fields

UNREADABLE_TIME = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T")
M = TypeVar("M", datetime, datetime | None)


class StoredEnum(StrEnum):
    """An enumeration with a member UNKNOWN, as which any value outside the others is read.

    Clients may not choose it: see `Checks.choice`.
    """

    @classmethod
    def _missing_(cls, value: object) -> "StoredEnum":
        return cls["UNKNOWN"]

    @classmethod
    def choices(cls) -> tuple[str, ...]:
        """The names of the values that can be written."""
        return tuple(name for name in cls.__members__ if name != "UNKNOWN")


E = TypeVar("E", bound=StoredEnum)


def enum_field(kind: type[E], *, default: E, max_length: int = 16) -> fields.Field[E]:
    """A column of an enumeration, described as the migrations do: by what can be written."""
    description = "\n".join(f"{name}: {kind[name].value}" for name in kind.choices())
    return fields.CharEnumField(kind, description, max_length, default=default)


class DatetimeField(fields.DatetimeField[M]):
    """A moment. An unreadable one is null, or `UNREADABLE_TIME` where null is not allowed."""

    if TYPE_CHECKING:

        @overload
        def __init__(self: "DatetimeField[datetime]", *, null: Literal[False] = False) -> None: ...

        @overload
        def __init__(self: "DatetimeField[datetime | None]", *, null: Literal[True]) -> None: ...

        def __init__(self, *, null: bool = False) -> None: ...

    def to_python_value(self, value: Any) -> datetime | None:
        """Read a row's value; rows hold UTC."""
        if value is None:
            return None
        try:
            if isinstance(value, str):
                time = parse_datetime(value)
            elif isinstance(value, datetime):
                time = value
            else:
                time = datetime.fromtimestamp(
                    value, UTC
                )  # Hand-written SQL can put a number into SQLite.
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, OSError):
            return None if self.null else UNREADABLE_TIME


class JSONField(fields.JSONField[T]):
    """JSON. Unreadable text is null, or an empty object where null is not allowed."""

    def to_python_value(self, value: Any) -> Any:
        """Read a row's text."""
        try:
            read = self.decoder(value) if isinstance(value, str | bytes) else value
        except ValueError:
            read = None
        return {} if read is None and not self.null else read
