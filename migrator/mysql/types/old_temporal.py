"""DATETIME, TIMESTAMP and TIME of columns made before MySQL 5.6, which only the log shows."""

from migrator.mysql.columns.codec import Codec, Read, TypeOptions, Value, string
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.types.calendar import Moment, moment_codec, since_1970, time_text


def row_datetime(column: Column, options: TypeOptions) -> Codec:
    """DATETIME in a row image: the digits YYYYMMDDhhmmss as a number."""

    def moment(number: int) -> Moment:
        day, clock = divmod(number, 1_000_000)
        return Moment(
            day // 10_000,
            day // 100 % 100,
            day % 100,
            clock // 10_000,
            clock // 100 % 100,
            clock % 100,
        )

    return moment_codec(Read("Q"), moment, None, 0, options)


def row_timestamp(column: Column, options: TypeOptions) -> Codec:
    """TIMESTAMP in a row image."""
    return moment_codec(Read("I"), lambda seconds: since_1970(seconds, 0), None, 0, options)


def row_time(column: Column, _: TypeOptions) -> Codec:
    """TIME in a row image: the digits hhmmss as a number."""

    def value(number: int) -> Value:
        digits = abs(number)
        parts = digits // 10_000, digits // 100 % 100, digits % 100
        return string(time_text(number < 0, *parts, 0, 0))

    return Codec(Read("Hb", raw="{0} | {1} << 16"), value)


DATETIME = ColumnKind(name="DATETIME", code=12, row_codec=row_datetime)
TIMESTAMP = ColumnKind(name="TIMESTAMP", code=7, row_codec=row_timestamp)
TIME = ColumnKind(name="TIME", code=11, row_codec=row_time)
KINDS = (DATETIME, TIMESTAMP, TIME)
