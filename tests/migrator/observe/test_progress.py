from dataclasses import replace

import pytest

from migrator.model.batch import BatchId
from migrator.model.position import Position
from migrator.model.state import KeyRange, Landed, TableCopy
from migrator.model.table import TableName
from migrator.observe.progress import Observation, lag_s, progress
from migrator.observe.reports import ApplyReport, CaptureReport, CopyReport

ORDERS = TableName("shop", "orders")
USERS = TableName("shop", "users")
NOW_US = 1_800_000_000_000_000


def table(
    name: TableName, rows: int, estimated: int, *, done: bool = False, generation: int = 1
) -> TableCopy:
    return TableCopy(name, 0, generation, estimated, (KeyRange(rows=rows, done=done),))


def landed(transactions: int, committed_at: int, partition: int = 0) -> Landed:
    return Landed(partition, BatchId(1, 1), Position(), transactions, committed_at)


def test_a_table_has_a_rate_and_the_time_that_is_left() -> None:
    before = Observation(10.0, NOW_US, tables=(table(ORDERS, 1_000, 10_000),))
    now = Observation(14.0, NOW_US, tables=(table(ORDERS, 3_000, 10_000),))

    (orders,) = progress([before, now]).tables

    assert (orders.rows, orders.estimated_rows, orders.fraction) == (3_000, 10_000, 0.3)
    assert (orders.rate, orders.left_s, orders.done) == (500.0, 14.0, False)


def test_a_table_that_was_not_there_before_begins_at_nothing() -> None:
    now = Observation(12.0, NOW_US, tables=(table(ORDERS, 300, 900),))

    (orders,) = progress([Observation(10.0, NOW_US), now]).tables

    assert (orders.rate, orders.left_s) == (150.0, 4.0)


def test_one_observation_tells_no_rate() -> None:
    (orders,) = progress([Observation(1.0, NOW_US, tables=(table(ORDERS, 5, 10),))]).tables

    assert (orders.rate, orders.left_s) == (None, None)


def test_more_rows_than_estimated_are_not_done_before_they_are() -> None:
    now = Observation(2.0, NOW_US, tables=(table(ORDERS, 120, 100), table(USERS, 7, 9, done=True)))

    orders, users = progress([Observation(1.0, NOW_US), now]).tables

    assert (orders.estimated_rows, orders.fraction, orders.left_s) == (120, 0.999, 0.0)
    assert (users.estimated_rows, users.fraction, users.left_s) == (7, 1.0, 0.0)


def test_a_table_that_is_copied_anew_has_no_rate_below_zero() -> None:
    before = Observation(0.0, NOW_US, tables=(table(ORDERS, 900, 1_000),))
    now = Observation(2.0, NOW_US, tables=(table(ORDERS, 10, 1_000, generation=2),))

    (orders,) = progress([before, now]).tables

    assert orders.rate == 5.0


def test_the_whole_copy_has_the_time_of_all_tables_together() -> None:
    before = Observation(
        0.0, NOW_US, tables=(table(ORDERS, 0, 100), table(USERS, 0, 50, done=True))
    )
    now = Observation(
        1.0, NOW_US, tables=(table(ORDERS, 10, 100), table(USERS, 10, 50, done=False))
    )

    shown = progress([before, now])

    assert (shown.rows, shown.left_s, shown.copied) == (20, 6.5, False)


def test_nothing_is_copied_before_a_table_has_begun() -> None:
    shown = progress([Observation(0.0, NOW_US)])

    assert (shown.copied, shown.left_s) == (False, None)


def test_the_stream_has_rates_of_rows_and_transactions() -> None:
    before = Observation(
        0.0, NOW_US, landed=(landed(100, 1), landed(10, 5, 1)), apply=ApplyReport(7, rows=1_000)
    )
    now = Observation(
        5.0, NOW_US, landed=(landed(150, 9), landed(20, 5, 1)), apply=ApplyReport(7, rows=3_000)
    )

    stream = progress([before, now]).stream

    assert (stream.rows_rate, stream.transactions_rate) == (400.0, 12.0)
    assert stream.committed_at == 9


def test_a_successor_counts_its_rows_from_nothing() -> None:
    before = Observation(0.0, NOW_US, apply=ApplyReport(7, rows=100_000))
    now = Observation(2.0, NOW_US, apply=ApplyReport(8, rows=50))

    assert progress([before, now]).stream.rows_rate == 25.0


def test_the_lag_is_the_age_of_what_landed() -> None:
    now = Observation(0.0, NOW_US, landed=(landed(1, NOW_US - 2_500_000),), behind=3)

    assert lag_s(now) == 2.5


def test_a_quiet_source_has_no_lag() -> None:
    old = Observation(0.0, NOW_US, landed=(landed(1, NOW_US - 60_000_000),))
    quiet = CaptureReport(1, committed_at=NOW_US - 60_000_000, caught_up=True)

    assert lag_s(replace(old, behind=0)) == 0.0
    assert lag_s(replace(old, capture=quiet)) == 0.0


@pytest.mark.parametrize(
    "capture",
    [
        CaptureReport(1, committed_at=NOW_US, caught_up=True),
        CaptureReport(1, committed_at=1, caught_up=True, in_flight=1),
        CaptureReport(1, committed_at=1),
        None,
    ],
)
def test_what_is_still_on_the_road_counts(capture: CaptureReport | None) -> None:
    now = Observation(0.0, NOW_US, landed=(landed(1, NOW_US - 60_000_000),), capture=capture)

    assert lag_s(now) == 60.0


def test_a_full_queue_counts_too() -> None:
    quiet = CaptureReport(1, committed_at=1, caught_up=True)
    now = Observation(0.0, NOW_US, landed=(landed(1, NOW_US - 1_000_000),), capture=quiet, depth=4)

    assert lag_s(now) == 1.0


def test_before_the_first_transaction_nothing_is_known() -> None:
    assert lag_s(Observation(0.0, NOW_US, landed=(landed(0, 0),))) is None


def test_reports_survive_as_documents() -> None:
    capture = CaptureReport(
        pid=4,
        rows_read=1,
        position=Position(gtids="a:1-3", file="b.1", offset=7),
        caught_up=True,
        snapshot=CopyReport(rows=9),
    )
    apply = ApplyReport(pid=5, rows=2, repeats=1)

    assert CaptureReport.from_document(capture.to_document()) == capture
    assert ApplyReport.from_document(apply.to_document() | {"at": 1, "newer": 2}) == apply
    assert CaptureReport.from_document({"pid": 1}) == CaptureReport(1)
