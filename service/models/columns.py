"""Columns and enumerations that can be read whatever they hold.

The service writes nothing that it could not read. But a row may be of another version,
or SQL has changed it, and one value that raised would take its whole list away. The
classes have the names of Tortoise's own, which its migrations compare.
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
    """An enumeration with a member UNKNOWN, which is read for a value that is none of the others.

    Nobody may choose it: see `Checks.choice`.
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
    """A moment; one that cannot be read is none, or else the first of the calendar."""

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
                time = datetime.fromtimestamp(value, UTC)  # SQL has put it into SQLite.
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, OSError):
            return None if self.null else UNREADABLE_TIME


class JSONField(fields.JSONField[T]):
    """JSON; what cannot be read is none, or else an empty object."""

    def to_python_value(self, value: Any) -> Any:
        """Read a row's text."""
        try:
            read = self.decoder(value) if isinstance(value, str | bytes) else value
        except ValueError:
            read = None
        return {} if read is None and not self.null else read
