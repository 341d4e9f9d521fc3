"""What each half reports about itself through MongoDB, for `status` and the live display.

Counters begin with the process: after a restart they start at zero, under another process id.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from migrator.model.position import Position

REPORT_INTERVAL_S = 1.0
"""How often a half reports while it works."""


class Role(StrEnum):
    """The two halves, as `State.report` names them."""

    CAPTURE = "capture"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class HalfState:
    """A half as it is now: its process id, None while it is down, and its number of restarts."""

    role: Role
    pid: int | None
    restarts: int


@dataclass(frozen=True, slots=True)
class CopyReport:
    """The copy's work in this process.

    `rows` have been read and sent, `noted` were left out because the stream had newer
    ones, and `tables_left` are not wholly read.
    """

    rows: int = 0
    noted: int = 0
    chunks: int = 0
    tables_left: int = 0


@dataclass(frozen=True, slots=True)
class CaptureReport:
    """What capture has done since it started.

    The log has been read up to `position`; `committed_at` is the commit time of the newest
    transaction that was read, in microseconds since 1970, 0 before the first.
    `caught_up` says that the source had nothing more at the time of the report.
    `in_flight` batches have been sent and not yet confirmed by the broker, and
    `blocked` says that the broker, or the limit of the queue, holds capture back.
    """

    pid: int
    rows_read: int = 0
    position: Position = field(default_factory=Position)
    committed_at: int = 0
    caught_up: bool = False
    in_flight: int = 0
    blocked: bool = False
    snapshot: CopyReport = field(default_factory=CopyReport)

    def to_document(self) -> dict[str, Any]:
        """The report as it is stored."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The report that `to_document` wrote, perhaps of another version."""
        values = _known(cls, document)
        if "position" in values:
            values["position"] = Position.from_document(values["position"])
        if "snapshot" in values:
            values["snapshot"] = CopyReport(**_known(CopyReport, values["snapshot"]))
        return cls(**values)


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What apply has done since it started.

    `rows` have landed, `repeats` are batches that were dropped because they had landed
    before, and `retries` are failures after which loading started again.
    """

    pid: int
    rows: int = 0
    repeats: int = 0
    retries: int = 0

    def to_document(self) -> dict[str, Any]:
        """The report as it is stored."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The report that `to_document` wrote, perhaps of another version."""
        return cls(**_known(cls, document))


def _known(kind: type[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document that this version knows."""
    return {f.name: document[f.name] for f in fields(kind) if f.name in document}
