"""What rows and documents have in common, key by key. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bson

from migrator.load.changes.coalesce import OPTIONS
from migrator.model.batch import Batch, Check
from migrator.model.document_key import document_key, has_key
from migrator.model.elements import elements
from migrator.model.rows import Operation
from migrator.state.verification import Kind

ORDER = "(the order of the fields)"


@dataclass(frozen=True, slots=True)
class Finding:
    """A row and a document that differ; one of them may be missing."""

    kind: Kind
    key: bytes
    row: bytes | None
    document: bytes | None

    @property
    def fields(self) -> list[str]:
        """The names of the fields that differ."""
        if self.row is None or self.document is None:
            return []
        own, other = dict(elements(self.row)), dict(elements(self.document))
        names = [name for name in {**own, **other} if own.get(name) != other.get(name)]
        return names or [ORDER]


@dataclass(slots=True)
class Expected:
    """What must be there: `rows` by document key, and keys that are `refused` or `absent`.

    `unclear` keys are not judged: the stream has changed their rows meanwhile.
    """

    check: Check
    rows: dict[bytes, bytes] = field(default_factory=dict)
    absent: list[bytes] = field(default_factory=list)
    refused: set[bytes] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    left_out: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, batch: Batch, check: Check) -> "Expected":
        """What a batch says."""
        expected = cls(check, left_out=frozenset(check.unclear))
        for changes in batch.changes:
            for row in changes.documents():
                expected._add(changes.operation, row)
        expected.counts["compared"] = len(expected.rows)
        return expected

    def _add(self, operation: Operation, row: bytes) -> None:
        if operation is Operation.EXPECT:
            self.rows[document_key(row)] = row
        elif operation is Operation.ABSENT:
            self.absent.append(document_key(row))
        else:
            self.counts["dead_letters"] += 1
            if has_key(row):
                self.refused.add(document_key(row))

    def unclear(self) -> list[bytes]:
        """The keys that concern this batch, and must be looked at again."""
        if self.check.bounds is None:
            return list(self.check.unclear)
        lower, upper = (_comparable(one) if one else None for one in self.check.bounds)
        return [
            key
            for key in self.check.unclear
            if lower is None or lower < _comparable(key)
            if upper is None or _comparable(key) <= upper
        ]

    def put_off(self) -> list[bytes]:
        """Take the findings back: their keys are to be looked at again."""
        keys = [one.key for one in self.findings]
        for one in self.findings:
            self.counts[one.kind.value] -= 1
            self.counts["compared"] -= one.row is not None
        self.findings = []
        return keys

    def judge(self, document: bytes) -> None:
        """Hold a document against its row."""
        key = document_key(document)
        if key in self.left_out:
            return
        row = self.rows.pop(key, None)
        if row is None:
            self._find(Finding(Kind.EXTRA, key, None, document))
        elif row == document:
            self.counts["equal"] += 1
        else:
            self._find(Finding(Kind.DIFFERENT, key, row, document))

    def miss(self, dead: set[bytes]) -> None:
        """The rows that are left have no document; some are in the dead letters."""
        for key, row in self.rows.items():
            if key in dead:
                self.counts["dead_letters"] += 1
                self.counts["compared"] -= 1
            else:
                self._find(Finding(Kind.MISSING, key, row, None))

    def _find(self, finding: Finding) -> None:
        self.counts[finding.kind.value] += 1
        self.findings.append(finding)


def _comparable(key: bytes) -> tuple[Any, ...]:
    """The integers of a key, in order."""
    value = bson.decode(key, OPTIONS)["_id"]
    return tuple(map(_number, value.values() if isinstance(value, dict) else [value]))


def _number(value: Any) -> Any:
    if isinstance(value, bson.MaxKey):
        return float("inf")
    return value.to_decimal() if isinstance(value, bson.Decimal128) else value


def pages(keys: list[bytes], size: int) -> Iterator[list[bytes]]:
    """The keys, some at a time."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
