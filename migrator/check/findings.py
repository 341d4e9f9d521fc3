"""What a check found: the level, the subject, what it means, and the statement that fixes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from migrator.errors import ConfigurationError


class Level(StrEnum):
    """How much a finding matters."""

    FAIL = "fail"  # The migration cannot start, or could not be right.
    WARN = "warn"  # It works, within limits that the operator should know.
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked; `fix` is the exact statement or step, "" without one."""

    level: Level
    subject: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        sentence = f"{self.subject}: {self.what}"
        return f"{sentence} To fix it: {self.fix}" if self.fix else sentence


def fail(subject: str, what: str, fix: str = "") -> Finding:
    """Something that rules the migration out."""
    return Finding(Level.FAIL, subject, what, fix)


def warn(subject: str, what: str, fix: str = "") -> Finding:
    """Something that the operator should know."""
    return Finding(Level.WARN, subject, what, fix)


def ok(subject: str, what: str) -> Finding:
    """Something that is as it should be."""
    return Finding(Level.OK, subject, what)


def refuse_failures(findings: Iterable[Finding]) -> None:
    """Raise `ConfigurationError` with everything that failed, if anything did."""
    failures = [str(finding) for finding in findings if finding.level is Level.FAIL]
    if failures:
        lines = "\n".join(f"- {failure}" for failure in failures)
        raise ConfigurationError(f"The migration cannot start:\n{lines}")
