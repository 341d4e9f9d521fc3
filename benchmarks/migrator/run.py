"""The parts of a run, in order; each leaves the servers as it found them, but for its data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient

from benchmarks.migrator.backlog import make_stream_database, measure_drains
from benchmarks.migrator.ceilings import measure_inserting, measure_reading
from benchmarks.migrator.data import SHOP, make_shop, make_stretches
from benchmarks.migrator.findings import Findings
from benchmarks.migrator.halves import Migration
from benchmarks.migrator.memory import make_small_rows, measure_memory
from benchmarks.migrator.readers import READERS, measure_capture
from benchmarks.migrator.recovery import measure_recovery
from benchmarks.migrator.servers import Servers
from benchmarks.migrator.sizes import Sizes
from benchmarks.migrator.snapshot import measure_copy
from benchmarks.migrator.source import Source
from benchmarks.migrator.stages import measure_stages
from benchmarks.migrator.sustained import measure_sustained

STREAM = "kooch_stream"
SMALL = "kooch_small"


@dataclass(frozen=True, slots=True)
class Run:
    """A run: its servers, how much it measures, and what it has found so far."""

    servers: Servers
    target: MongoClient[dict[str, Any]]
    sizes: Sizes
    progress: Callable[[str], None]
    findings: Findings = field(default_factory=Findings)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The source of its servers."""
        return Source(self.servers.source_url)

    def migration(self, database: str) -> Migration:
        """The migration of one of its databases."""
        return Migration(self.servers, self.target, database)

    def shop(self) -> None:
        """The data of all parts."""
        make_shop(self.source, self.sizes, self.progress)

    def capture(self) -> None:
        """Capture alone, beside the libraries."""
        stretches = make_stretches(self.source, self.sizes, self.progress)
        libraries = {one.name: one.version() for one in READERS if one.requirements}
        self.versions.update(libraries)
        rows = measure_capture(self.servers.source_url, stretches, self.sizes.runs, self.progress)
        self.findings.capture += rows

    def copy(self) -> None:
        """The copy of the shop, end to end, and its ceilings."""
        migration = self.migration(SHOP)
        self.findings.copy = measure_copy(migration, self.progress)
        reading, version = measure_reading(self.servers.source_url, SHOP, self.progress)
        self.versions["C client"] = version
        inserting = measure_inserting(self.target, SHOP, self.progress)
        self.findings.ceilings += [reading, *inserting]
        migration.remove()

    def stream(self) -> None:
        """Backlogs, rates, latencies, and the death of each half."""
        migration = self.migration(STREAM)
        make_stream_database(self.source, STREAM, self.sizes.drained)
        self.findings.drains += measure_drains(migration, self.sizes.drained, self.progress)
        self.findings.sustained = measure_sustained(migration, self.sizes, self.progress)
        kills, products = self.sizes.kills, self.sizes.drained
        self.findings.recoveries += measure_recovery(migration, kills, products, self.progress)
        migration.remove()

    def memory(self) -> None:
        """Many small rows."""
        rows = self.sizes.small_rows
        make_small_rows(self.source, SMALL, rows, self.progress)
        self.findings.small_rows = measure_memory(self.migration(SMALL), rows, self.progress)

    def profile(self) -> None:
        """Samples of the stacks, in a run of their own: nothing else is measured meanwhile."""
        copying, draining = self.migration(SHOP), self.migration(STREAM)
        if STREAM not in {name for (name,) in self.source.rows("SHOW DATABASES")}:
            make_stream_database(self.source, STREAM, self.sizes.drained)
        stages = measure_stages(copying, draining, self.sizes, self.progress)
        self.findings.stages += stages
