"""How fast a backlog drains: changes are written while a half is stopped, which then starts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.migrator.data import SHOP, unflushed
from benchmarks.migrator.halves import Migration, Process, both, wait_for
from benchmarks.migrator.load import catch_up
from benchmarks.migrator.snapshot import is_copied
from benchmarks.migrator.source import Source

COPY_TIMEOUT_S = 300
PUBLISH_TIMEOUT_S = 300

# Inside the server, because a client would spend minutes on the way.
CHANGE = """
CREATE PROCEDURE change_products(IN transactions INT, IN size INT)
BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < transactions DO
    UPDATE products SET stock = stock + 1 WHERE id > i * size AND id <= (i + 1) * size;
    SET i = i + 1;
  END WHILE;
END
"""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Drain:
    """A backlog of `rows` changed rows, and how long it took after the start of `started`."""

    name: str
    rows: int
    wall_s: float
    capture_cpu_s: float
    apply_cpu_s: float

    @property
    def per_second(self) -> float:
        """Rows a second, the start of the processes included."""
        return self.rows / self.wall_s


def make_stream_database(source: Source, database: str, products: int) -> None:
    """Make what the stream is measured with: products of the shop, and a table of markers."""
    source.run(
        f"CREATE DATABASE {database} CHARACTER SET utf8mb4",
        f"CREATE TABLE {database}.products LIKE {SHOP}.products",
        f"INSERT INTO {database}.products "
        f"SELECT * FROM {SHOP}.products ORDER BY id LIMIT {products}",
        f"CREATE TABLE {database}.markers (id BIGINT NOT NULL PRIMARY KEY)",
    )
    source.run(CHANGE, database=database)


def measure_drains(migration: Migration, rows: int, progress: Progress) -> Iterator[Drain]:
    """Copy the database first, then let three backlogs drain, one after another."""
    progress(f"copying {migration.database}")
    with both(migration) as halves:
        wait_for(lambda: is_copied(migration), COPY_TIMEOUT_S, "the copy", *halves)
    for size, is_queued in ((10, True), (1, True), (10, False)):
        yield _drain(migration, rows, size, is_queued, progress)


def _drain(
    migration: Migration, rows: int, size: int, is_queued: bool, progress: Progress
) -> Drain:
    kind = "10-row" if size == 10 else "single-row"
    place = "in the queue" if is_queued else "in the binlog"
    name = f"{kind} transactions, {place}"
    with ExitStack() as stack:
        capture, apply = migration.process("capture"), migration.process("apply")
        if is_queued:
            stack.enter_context(capture)
        progress(f"backlog: {name}: writing {rows:,} changes")
        write_backlog(migration, rows, size)
        if is_queued:
            wait_for(
                lambda: _is_published(migration, capture, rows),
                PUBLISH_TIMEOUT_S,
                "publishing",
                capture,
            )
        progress(f"backlog: {name}: draining")
        started = (apply,) if is_queued else (capture, apply)
        for process in started:
            stack.enter_context(process)
        wall_s = catch_up(migration, *started)
        capture_s = 0.0 if is_queued else capture.cpu_s()
        return Drain(name, rows, wall_s, capture_s, apply.cpu_s())


def write_backlog(migration: Migration, rows: int, size: int) -> None:
    """Change so many rows."""
    source = Source(migration.servers.source_url)
    with unflushed(source):
        source.run(f"CALL change_products({rows // size}, {size})", database=migration.database)


def _is_published(migration: Migration, capture: Process, rows: int) -> bool:
    """Whether capture has read all of it, and the broker has confirmed all of it."""
    for report in migration.remembered("processes"):
        if report["_id"] == "capture" and report["pid"] == capture.pid:
            is_read = report["rows_read"] >= rows and report["caught_up"]
            return bool(is_read and not report["in_flight"])
    return False
