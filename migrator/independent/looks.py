"""Rows that differ are looked at again: while both sides move, most differences pass."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Self

from migrator.independent.values.form import NONE, Document, Form, digest, identity

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Before each look after the first at a row that stays as it is on both sides."""
LOOKS_MAX = 60
"""At a row that is changed all the time."""
UNKNOWN = b"?"
"""Instead of the digest of a document of which only the `_id` was read."""


class Verdict(Enum):
    """What a look at a row says."""

    EQUAL = auto()
    DIFFERENT = auto()
    UNSETTLED = auto()
    LATER = auto()


@dataclass(slots=True)
class Suspect:
    """A row that was seen to differ from its document.

    It is equal when its document is what the row is, or was at an earlier look: a document
    follows its row. It is different when both have stayed the same at a look after each of
    `PAUSES_S`. `is_row` says whether it was found as a row, not as a document.
    """

    id: Any
    is_row: bool
    seen: tuple[bytes, bytes]
    rows_seen: set[bytes]
    looks: int = 0
    same_looks: int = 0

    @classmethod
    def row(cls, value: Any, row: bytes, document: bytes) -> Self:
        """A row, by the digests of what it must be and of what is there."""
        return cls(value, True, (row, document), {row})

    @classmethod
    def document(cls, value: Any) -> Self:
        """A document for which no row was found."""
        return cls(value, False, (NONE, UNKNOWN), {NONE})

    def look(self, row: Document | None, document: Document | None) -> Verdict:
        """Judge the row and the document that were just read."""
        now = digest(row), digest(document)
        self.looks += 1
        self.rows_seen.add(now[0])
        if now[1] in self.rows_seen:
            return Verdict.EQUAL
        self.same_looks = self.same_looks + 1 if now == self.seen else 0
        self.seen = now
        if self.same_looks == len(PAUSES_S):
            return Verdict.DIFFERENT
        return Verdict.UNSETTLED if self.looks == LOOKS_MAX else Verdict.LATER


@dataclass(slots=True)
class Suspects:
    """The suspects of one table, by when the next look is due."""

    _due: list[tuple[float, int, Suspect]] = field(default_factory=list)
    _known: set[Form] = field(default_factory=set)
    _number: int = 0

    def __len__(self) -> int:
        return len(self._due)

    def add(self, suspect: Suspect, now_s: float) -> None:
        """Take a suspect, unless it is one already."""
        key = identity(suspect.id)
        if key not in self._known:
            self._known.add(key)
            self.later(suspect, now_s)

    def later(self, suspect: Suspect, now_s: float) -> None:
        """Look at it again after its next pause."""
        self._number += 1
        due_s = now_s + PAUSES_S[suspect.same_looks]
        heapq.heappush(self._due, (due_s, self._number, suspect))

    def settle(self, suspect: Suspect) -> None:
        """Forget one that has been judged."""
        self._known.discard(identity(suspect.id))

    def due(self, now_s: float, most: int) -> Iterator[Suspect]:
        """Take out up to `most` suspects whose look is due."""
        while most and self._due and self._due[0][0] <= now_s:
            yield heapq.heappop(self._due)[2]
            most -= 1

    def wait_s(self, now_s: float) -> float:
        """How long until the next look is due."""
        return max(0.0, self._due[0][0] - now_s) if self._due else 0.0
