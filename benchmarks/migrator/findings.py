"""All that a run found, part by part; a part that was left out is empty."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.migrator.backlog import Drain
from benchmarks.migrator.ceilings import Ceiling
from benchmarks.migrator.memory import SmallRows
from benchmarks.migrator.readers import DECODER, OWN, CaptureRow
from benchmarks.migrator.recovery import Recovery
from benchmarks.migrator.snapshot import Copy
from benchmarks.migrator.stages import Stage
from benchmarks.migrator.sustained import Sustained


@dataclass(slots=True)
class Findings:
    """What each part found; `ceilings` are of the same rows as `copy`."""

    capture: list[CaptureRow] = field(default_factory=list)
    copy: Copy | None = None
    ceilings: list[Ceiling] = field(default_factory=list)
    drains: list[Drain] = field(default_factory=list)
    sustained: Sustained | None = None
    recoveries: list[Recovery] = field(default_factory=list)
    small_rows: SmallRows | None = None
    stages: list[Stage] = field(default_factory=list)

    def insert_ceiling(self) -> float:
        """Rows a second of the faster way of inserting; 0 if it was not measured."""
        rates = (one.per_second for one in self.ceilings if "insert" in one.name)
        return max(rates, default=0.0)

    def ratios(self) -> Iterable[tuple[str, str, float, float]]:
        """The migrator against each library: stretch, library, by time, by processor time."""
        own = {row.stretch: row for row in self.capture if row.reader == OWN}
        for row in self.capture:
            if row.reader not in {OWN, DECODER} and row.stretch in own:
                mine = own[row.stretch]
                by_time = mine.per_second / row.per_second
                yield row.stretch, row.reader, by_time, row.cpu_us_per_row / mine.cpu_us_per_row
