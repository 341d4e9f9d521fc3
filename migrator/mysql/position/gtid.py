"""Sets of global transaction ids, of MySQL and of MariaDB.

MySQL: `uuid:1-5:7,uuid:tag:1-3`, any set of numbers per source and tag. MariaDB:
`0-1-100,1-1-7`, the last number per domain, which includes all numbers before it.
Source: MySQL, "GTID Sets"; MariaDB, "Global Transaction ID".
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import Protocol, Self

from migrator.errors import SourceError
from migrator.mysql.wire.connection import Flavour

UUID_FORM = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
TAG_FORM = re.compile(r"[a-z_][a-z0-9_]{0,31}")
NUMBER_MAX = (1 << 63) - 2

Tsid = tuple[str, str]
"""A transaction source identifier: the uuid in lower case, and the tag or ""."""
Interval = list[int]
"""First and last number, both included."""


class Gtids(Protocol):
    """The methods that the sets of both kinds of servers have."""

    def add(self, gtid: str) -> None:
        """Add one transaction."""

    def __contains__(self, gtid: object) -> bool: ...

    def is_subset(self, other: Self) -> bool:
        """Whether `other` has all of these transactions."""
        ...

    def __bool__(self) -> bool: ...

    def __str__(self) -> str: ...


def flavour_of(gtids: str) -> Flavour:
    """The kind of server that prints such GTIDs; `gtids` must not be empty."""
    return Flavour.MYSQL if ":" in gtids else Flavour.MARIADB


def parse(text: str, flavour: Flavour | None = None) -> Gtids:
    """The set that `text` describes; for "" an empty one of `flavour`.

    Raises `SourceError` for any other text.
    """
    kind = flavour or (flavour_of(text) if text else Flavour.MYSQL)
    return MariadbPosition.parse(text) if kind is Flavour.MARIADB else GtidSet.parse(text)


def count(gtids: str) -> int:
    """How many transactions a MySQL GTID set has: `uuid:1-5:7:tag:1-2` has 8."""
    return sum(
        last - first + 1
        for intervals in GtidSet.parse(gtids).intervals()
        for first, last in intervals
    )


def count_between(landed: str, last: str) -> int:
    """How many numbers MariaDB's `last` is beyond `landed`; a few may never have been used."""
    before, after = MariadbPosition.parse(landed).numbers(), MariadbPosition.parse(last).numbers()
    return sum(max(0, number - before.get(domain, 0)) for domain, number in after.items())


def _refuse(text: str) -> SourceError:
    return SourceError(
        f"{text[:100]!r} is not a GTID of this kind of server. A stored position is valid only at "
        "the source that it was read from: connect to that source."
    )


class GtidSet:
    """A set of MySQL GTIDs: ordered intervals for each source and tag."""

    def __init__(self) -> None:
        self._intervals: dict[Tsid, list[Interval]] = {}
        # A cache for `add`: transactions of one source follow one another, so one interval grows.
        self._last_prefix = ""
        self._last_list: list[Interval] = []

    @classmethod
    def parse(cls, text: str) -> Self:
        """The set that the server prints as `text`; raises `SourceError` for any other text."""
        found = cls()
        for entry in "".join(text.split()).lower().split(","):
            if entry:
                found._parse_entry(entry)
        return found

    def _parse_entry(self, entry: str) -> None:
        uuid, *parts = entry.split(":")
        if not UUID_FORM.fullmatch(uuid):
            raise _refuse(entry)
        tag = ""
        for part in parts:
            if TAG_FORM.fullmatch(part):
                tag = part
                continue
            first, _, last = part.partition("-")
            if not (first.isdecimal() and (not last or last.isdecimal())):
                raise _refuse(entry)
            self._add_interval((_dashed(uuid), tag), int(first), int(last or first))

    def _add_interval(self, tsid: Tsid, first: int, last: int) -> None:
        if not 1 <= first <= NUMBER_MAX or last > NUMBER_MAX:
            raise _refuse(f"{':'.join(filter(None, tsid))}:{first}-{last}")
        if first <= last:  # To the server, 5-3 is empty.
            _insert(self._intervals.setdefault(tsid, []), first, last)

    def add(self, gtid: str) -> None:
        """Add one transaction; fast if it is the next of the same source."""
        prefix, _, number_text = gtid.rpartition(":")
        if prefix == self._last_prefix:
            intervals = self._last_list
        else:
            intervals = self._intervals.setdefault(_tsid_of(gtid, prefix), [])
            self._last_prefix, self._last_list = prefix, intervals
        number = _number(gtid, number_text)
        if intervals and intervals[-1][1] + 1 == number:
            intervals[-1][1] = number
        else:
            _insert(intervals, number, number)

    def __contains__(self, gtid: object) -> bool:
        text = str(gtid)
        prefix, _, number_text = text.rpartition(":")
        if prefix == self._last_prefix:
            intervals = self._last_list
        else:
            intervals = self._intervals.get(_tsid_of(text, prefix), [])
        number = _number(text, number_text)
        return _covers(intervals, number, number)

    def is_subset(self, other: "GtidSet") -> bool:
        """Whether `other` has all of these transactions."""
        return all(
            _covers(other._intervals.get(tsid, []), first, last)
            for tsid, intervals in self._intervals.items()
            for first, last in intervals
        )

    def intervals(self) -> Iterable[list[Interval]]:
        """The intervals of each source and tag."""
        return self._intervals.values()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GtidSet) and str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]  # It changes.

    def __bool__(self) -> bool:
        return any(self._intervals.values())

    def __str__(self) -> str:
        parts: list[str] = []
        before = ""
        for (uuid, tag), intervals in self._ordered():
            numbers = ":".join(f"{a}-{b}" if a < b else f"{a}" for a, b in intervals)
            tagged = f"{tag}:{numbers}" if tag else numbers
            parts.append(f":{tagged}" if uuid == before else f",{uuid}:{tagged}")
            before = uuid
        return "".join(parts).removeprefix(",")

    def _ordered(self) -> list[tuple[Tsid, list[Interval]]]:
        return sorted(item for item in self._intervals.items() if item[1])

    def encode(self) -> bytes:
        """The set as COM_BINLOG_DUMP_GTID takes it, in the tagged form only if it has a tag.

        Source: MySQL, sql/rpl_gtid_set.cc, Gtid_set::encode.
        """
        entries = self._ordered()
        tagged = any(tag for (_, tag), _ in entries)
        count = len(entries)
        # The tagged form has a 1 in the first and the last byte, and the count between them.
        header = (1 | count << 8 | 1 << 56) if tagged else count
        parts = [header.to_bytes(8, "little")]
        for (uuid, tag), intervals in entries:
            parts.append(bytes.fromhex(uuid.replace("-", "")))
            if tagged:
                parts.append(bytes([len(tag) << 1]) + tag.encode("ascii"))
            parts.append(len(intervals).to_bytes(8, "little"))
            for first, last in intervals:
                parts.append(first.to_bytes(8, "little") + (last + 1).to_bytes(8, "little"))
        return b"".join(parts)


class MariadbPosition:
    """The last GTID of each domain of a MariaDB server."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, int]] = {}

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position that the server prints as `text`; raises `SourceError` for other text."""
        found = cls()
        for entry in "".join(text.split()).split(","):
            if entry:
                found.add(entry)
        return found

    def add(self, gtid: str) -> None:
        """Add one transaction, which becomes the last of its domain."""
        domain, server, number = _triple(gtid)
        self._last[domain] = server, number

    def __contains__(self, gtid: object) -> bool:
        domain, _, number = _triple(str(gtid))
        return domain in self._last and number <= self._last[domain][1]

    def is_subset(self, other: "MariadbPosition") -> bool:
        """Whether `other` is at least as far in every domain."""
        return all(
            domain in other._last and number <= other._last[domain][1]
            for domain, (_, number) in self._last.items()
        )

    def numbers(self) -> dict[int, int]:
        """The last number of each domain."""
        return {domain: number for domain, (_, number) in self._last.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MariadbPosition) and self._last == other._last

    __hash__ = None  # type: ignore[assignment]  # It changes.

    def __bool__(self) -> bool:
        return bool(self._last)

    def __str__(self) -> str:
        return ",".join(f"{d}-{s}-{n}" for d, (s, n) in sorted(self._last.items()))


def _dashed(uuid: str) -> str:
    plain = uuid.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def _tsid_of(gtid: str, prefix: str) -> Tsid:
    uuid, _, tag = prefix.lower().partition(":")
    if not UUID_FORM.fullmatch(uuid) or (tag and not TAG_FORM.fullmatch(tag)):
        raise _refuse(gtid)
    return _dashed(uuid), tag


def _number(gtid: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= NUMBER_MAX:
        raise _refuse(gtid)
    return int(text)


def _triple(gtid: str) -> tuple[int, int, int]:
    parts = gtid.split("-")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise _refuse(gtid)
    return int(parts[0]), int(parts[1]), int(parts[2])


def _covers(intervals: list[Interval], first: int, last: int) -> bool:
    at = bisect_right(intervals, first, key=_first) - 1
    return at >= 0 and last <= intervals[at][1]


def _insert(intervals: list[Interval], first: int, last: int) -> None:
    """Insert an interval, and join those that now overlap or touch."""
    start = bisect_right(intervals, first, key=_first)
    if start and intervals[start - 1][1] >= first - 1:
        start -= 1
    end = bisect_right(intervals, last + 1, key=_first)
    if start < end:
        first = min(first, intervals[start][0])
        last = max(last, intervals[end - 1][1])
    intervals[start:end] = [[first, last]]


def _first(interval: Interval) -> int:
    return interval[0]
