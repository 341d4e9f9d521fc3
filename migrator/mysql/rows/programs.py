"""The generated programs of a table: one for each common NULL bitmap, at most a few hundred."""

from collections.abc import Callable

from migrator.mysql.rows.codegen import Program

PROGRAMS_MAX = 256
SEEN_MAX = 4096
ROWS_BEFORE = 8
"""Generating a program takes as long as decoding some hundred rows by `Layout`."""


class Programs:
    """The programs of one table for one purpose; `make` generates one from a NULL bitmap."""

    def __init__(self, make: Callable[[bytes], Program]) -> None:
        self._make = make
        self._known: dict[bytes, Program] = {}
        self._seen: dict[bytes, int] = {}

    def find(self, nulls: bytes) -> Program | None:
        """The program for rows with this bitmap; None while such rows are too rare."""
        return self._known.get(nulls) or self._consider(nulls)

    def _consider(self, nulls: bytes) -> Program | None:
        if len(self._known) >= PROGRAMS_MAX:
            return None
        if len(self._seen) >= SEEN_MAX:
            self._seen.clear()
        seen = self._seen[nulls] = self._seen.get(nulls, 0) + 1
        if seen < ROWS_BEFORE:
            return None
        del self._seen[nulls]
        program = self._known[nulls] = self._make(nulls)
        return program
