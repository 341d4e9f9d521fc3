import io
import json
from dataclasses import replace

import pytest
from rich.console import Console
from structlog.testing import capture_logs

from migrator.check.findings import Finding, Level
from migrator.model.batch import BatchId
from migrator.model.position import Position
from migrator.model.state import KeyRange, Landed, TableCopy
from migrator.model.table import TableName
from migrator.observe.progress import Observation, progress
from migrator.observe.reports import ApplyReport, CaptureReport, HalfState, Role
from migrator.observe.summary import is_complete, summary_lines
from migrator.observe.terminal import Screen, duration, fields, moment, rendered

COMMIT_US = 1_790_000_000_123_456
HALVES = (HalfState(Role.CAPTURE, 11, 0), HalfState(Role.APPLY, None, 2))


def observation(
    at_s: float, rows: int, *, done: bool = False, dead_letters: int = 0
) -> Observation:
    return Observation(
        at_s=at_s,
        now_us=COMMIT_US + 1_500_000,
        tables=(
            TableCopy(TableName("shop", "orders"), 0, 1, 4_000, (KeyRange(rows=rows, done=done),)),
            TableCopy(TableName("shop", "users"), 0, 1, 9, (KeyRange(rows=7, done=True),)),
        ),
        landed=(Landed(0, BatchId(1, 5), Position(gtids="a:1-7"), 7 + rows, COMMIT_US),),
        capture=CaptureReport(11),
        apply=ApplyReport(12, rows=rows),
        depth=3,
        behind=40,
        dead_letters={"shop.orders": dead_letters} if dead_letters else {},
    )


def text_of(*seen: Observation, height: int = 40) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(rendered(progress(seen), HALVES, height))
    return console.export_text()


def test_a_person_sees_the_copy_and_the_stream() -> None:
    text = text_of(observation(0.0, 1_000), observation(4.0, 2_000, dead_letters=2))

    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert any(line.startswith("shop.orders") and "2,000 4,000 250 8.0 s" in line for line in lines)
    assert any(line.startswith("shop.users") and line.endswith("7 7 done") for line in lines)
    assert "all 2,007 4,007 250 8.0 s" in lines
    assert "stream 250 rows/s, 250 transactions/s" in lines
    assert "lag 1.5 s, 40 transactions" in lines
    assert "queue 3 messages" in lines
    assert f"last commit {moment(COMMIT_US)}" in lines
    assert "processes capture 11, apply is starting again (2 restarts)" in lines
    assert "dead letters 2 rows were not migrated; see _migrator.dead_letters" in lines


def test_a_long_list_of_tables_fits_the_terminal() -> None:
    many = tuple(
        TableCopy(TableName("shop", f"t{number:02}"), 0, 1, 9, (KeyRange(done=number != 42),))
        for number in range(60)
    )
    seen = replace(observation(0.0, 1), tables=many)

    text = text_of(seen, height=20)

    assert len(text.splitlines()) <= 20
    assert "shop.t42" in text
    assert "and 52 more" in text


def test_a_broker_that_holds_capture_back_is_told() -> None:
    seen = replace(observation(0.0, 1), capture=CaptureReport(11, blocked=True), depth=None)

    assert "unknown, RabbitMQ holds capture back" in text_of(seen)


def test_without_a_terminal_there_is_a_line_every_few_seconds() -> None:
    screen = Screen(Console(file=io.StringIO()))

    with capture_logs() as lines, screen:
        screen.show(observation(0.0, 1_000), HALVES)
        screen.show(observation(1.0, 1_500), HALVES)

    assert len(lines) == 1
    assert [lines[0][key] for key in ("event", "rows", "behind", "queue")] == [
        "progress",
        1_007,
        40,
        3,
    ]


def test_a_line_of_a_log_can_be_counted_with() -> None:
    now = progress([observation(0.0, 1_000), observation(2.0, 2_000)])

    line = fields(now, HALVES)

    assert json.loads(json.dumps(line)) == {
        "tables_done": 1,
        "tables": 2,
        "tables_left_out": 0,
        "rows": 2_007,
        "estimated_rows": 4_007,
        "rows_s": 500,
        "left_s": 4,
        "stream_rows_s": 500,
        "transactions_s": 500,
        "lag_s": 1.5,
        "behind": 40,
        "queue": 3,
        "committed_at": "2026-09-21 14:13:20.123 UTC",
        "blocked": False,
        "dead_letters": 0,
        "capture": 11,
        "apply": None,
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "?"),
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (18_121, "5 h 2 min"),
    ],
)
def test_spans_of_time_are_for_people(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_the_summary_says_what_is_complete_and_what_is_not() -> None:
    seen = observation(0.0, 1_000, dead_letters=2)

    assert summary_lines(seen, 61.0, "_migrator") == [
        "INCOMPLETE: 1 of 2 tables are copied, 1,007 rows; 1,007 transactions followed; 1 min 1 s.",
        "The newest transaction in MongoDB was committed at 2026-09-21 14:13:20.123 UTC.",
        "shop.orders is not wholly copied: 1,000 rows.",
        "2 rows of shop.orders were not migrated: see _migrator.dead_letters.",
        "Partition 0 stands at a:1-7.",
    ]


def test_complete_means_every_table_and_every_row() -> None:
    assert is_complete(observation(0.0, 1, done=True))
    assert not is_complete(observation(0.0, 1))
    assert not is_complete(observation(0.0, 1, done=True, dead_letters=1))
    assert not is_complete(Observation(0.0, 0))


def test_findings_are_printed_with_statements_that_can_be_copied() -> None:
    from migrator.cli.check import finding_lines

    findings = [
        Finding(Level.OK, "GTIDs", "are on."),
        Finding(Level.FAIL, "[odd]", "is wrong.", "ALTER TABLE `[odd]` ...;"),
    ]
    console = Console(width=200, file=io.StringIO(), record=True)

    for line in finding_lines(findings):
        console.print(line)

    assert console.export_text().splitlines() == [
        "fail  [odd]: is wrong.",
        "      ALTER TABLE `[odd]` ...;",
        "ok    GTIDs: are on.",
    ]
