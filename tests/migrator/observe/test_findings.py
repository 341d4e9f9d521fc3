"""What a verification has found: the verdict, the display, the report."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import bson
import pytest
from bson import Decimal128, Int64
from rich.console import Console
from structlog.testing import capture_logs

from migrator.model.state import KeyRange, TableCopy
from migrator.model.table import TableName
from migrator.observe.findings import Findings, TableFindings, findings_of, rates
from migrator.observe.reports import Role
from migrator.observe.verification import VerificationScreen, rendered
from migrator.observe.verification_report import report, summary, verdict
from migrator.state.verification import Difference, Kind, TableVerification

ORDERS, USERS = TableName("shop", "orders"), TableName("shop", "users")
EQUAL = TableFindings(ORDERS, 100, compared=100, equal=100, is_done=True)
COPY = TableCopy(ORDERS, 0, 1, 9, (KeyRange(done=True),))


def found(*tables: TableFindings, at_s: float = 0.0) -> Findings:
    return Findings(at_s, tables)


def difference(**changed: object) -> Difference:
    whole = Difference(
        ORDERS,
        Int64(7),
        Kind.DIFFERENT,
        ("qty", "note"),
        {"qty": 5, "note": "a"},
        {"qty": 5.0},
        repaired=False,
        at=datetime(2026, 11, 28, tzinfo=UTC),
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "is_equal"),
    [
        (EQUAL, True),
        (replace(EQUAL, is_done=False), False),
        (replace(EQUAL, different=1), False),
        (replace(EQUAL, missing=1), False),
        (replace(EQUAL, extra=1), False),
        (replace(EQUAL, different=1, extra=1, repaired=2), True),
        (replace(EQUAL, different=1, extra=1, repaired=1), False),
        (replace(EQUAL, dead_letters=1), False),
        (replace(EQUAL, obstacle="It has no key."), False),
        (replace(EQUAL, looked_again=9), True),
    ],
)
def test_equal_is_what_was_compared_whole_and_has_no_difference_left(
    table: TableFindings, *, is_equal: bool
) -> None:
    assert table.is_equal is is_equal
    assert found(EQUAL, table).is_equal is is_equal


def test_without_a_table_nothing_was_proved() -> None:
    assert found().is_equal is False


def test_a_table_that_cannot_be_compared_keeps_nobody_waiting() -> None:
    assert found(EQUAL, TableFindings(USERS, obstacle="It has no key.")).is_done
    assert not found(EQUAL, TableFindings(USERS)).is_done


def test_what_the_state_says_of_a_table_is_its_findings() -> None:
    verification = TableVerification(
        ORDERS, "r", compared=9, equal=5, different=2, missing=1, extra=1, again=3, repaired=2,
        dead_letters=4, done=True, why_not="odd",
    )  # fmt: skip

    assert findings_of(COPY, verification, 20) == TableFindings(
        ORDERS, 20, 9, 5, 2, 1, 1, 3, 2, 4, is_done=True, obstacle="odd"
    )
    assert findings_of(COPY, None, 20) == TableFindings(ORDERS, 20)
    left_out = replace(COPY, left_out="It has no key.", parts=())
    assert findings_of(left_out, None, 0).obstacle == "It is left out: It has no key."
    gone = replace(COPY, parts=())
    assert findings_of(gone, None, 0).obstacle == "The source has no such table any more."


def text_of(seen: Findings, *, height: int = 40, waits_for: tuple[Role, ...] = ()) -> list[str]:
    console = Console(width=120, file=io.StringIO(), record=True)
    before = found(*(replace(one, compared=0) for one in seen.tables), at_s=seen.at_s - 4)
    console.print(rendered(seen, rates([before, seen]), waits_for, height))
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_a_person_sees_bar_rate_and_time_left_of_each_table() -> None:
    orders = TableFindings(ORDERS, 4_000, compared=1_000, equal=998, different=2)
    users = TableFindings(USERS, 9, compared=8, equal=8, is_done=True)

    lines = text_of(found(orders, users, at_s=10.0))

    assert lines[0] == "table rows of about differences rows/s left"
    assert lines[1].startswith("shop.orders ")
    assert lines[1].endswith(" 1,000 4,000 2 250 12 s")
    assert lines[2].endswith(" 8 9 0 done")
    assert lines[3].startswith("all ")
    assert lines[3].endswith(" 1,008 4,009 2 252 12 s")


def test_a_long_list_of_tables_fits_the_terminal_and_who_is_missing_is_named() -> None:
    many = [TableFindings(TableName("shop", f"t{n:02}"), 9, is_done=n != 42) for n in range(60)]

    lines = text_of(found(*many), height=20, waits_for=(Role.APPLY,))

    assert len(lines) <= 20
    assert any(line.startswith("shop.t42") for line in lines)
    assert "and 52 more" in lines
    assert lines[-1] == "apply is not running: start it."


def test_without_a_terminal_it_is_a_log_line() -> None:
    screen = VerificationScreen(Console(file=io.StringIO()))

    with capture_logs() as logs, screen:
        screen.show(found(replace(EQUAL, different=1)), ())
        screen.show(found(EQUAL, at_s=0.5), ())

    assert logs == [
        {
            "event": "progress", "log_level": "info", "tables_done": 1, "tables": 1,
            "compared": 100, "estimated_rows": 100, "differences": 1, "repaired": 0,
            "looked_again": 0, "rows_s": 0,
        }
    ]  # fmt: skip


def said(seen: Findings, *differences: Difference) -> list[str]:
    console = Console(width=120, file=io.StringIO(), record=True)
    summary(seen, differences, console, "_migrator")
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_the_end_says_what_differs_by_key_and_field_and_where_the_rest_is() -> None:
    orders = replace(EQUAL, equal=70, different=28, missing=2, repaired=1)
    users = TableFindings(USERS, dead_letters=3, obstacle="It is left out: It has no key.")
    differences = [
        difference(),
        difference(key={"a": 1, "b": "x"}, kind=Kind.MISSING, fields=(), document=None),
        difference(row=None, document=None, repaired=True),
    ]

    assert said(found(orders, users), *differences) == [
        "table compared equal different missing extra looked at again repaired",
        "shop.orders 100 70 28 2 0 0 1",
        "shop.users 0 0 0 0 0 0 0",
        "all 100 70 28 2 0 0 1",
        "shop.orders 7: different",
        "qty: int32 5 in the source, double 5.0 in the target",
        "note: string 'a' in the source, no such field in the target",
        "shop.orders {a: 1, b: 'x'}: missing",
        "shop.orders 7: different, repaired: qty, note",
        "And 27 more: see _migrator.differences.",
        "shop.users was not compared: It is left out: It has no key.",
        "3 rows of shop.users have no document: see _migrator.dead_letters.",
    ]


def test_another_order_of_the_fields_is_shown_as_such() -> None:
    order = difference(fields=("(order)",), row={"a": 1, "b": 2}, document={"b": 2, "a": 1})

    assert "(order): a, b in the source, b, a in the target" in said(found(EQUAL), order)


def test_a_long_name_is_whole_on_a_narrow_console() -> None:
    table = TableName("shop", "a_table_with_a_very_long_name_as_programs_make_them")
    console = Console(width=60, file=(file := io.StringIO()))

    summary(found(replace(EQUAL, table=table)), (), console, "_migrator")

    assert f"{table}       100    100          0        0      0" in file.getvalue()


def test_no_more_than_twenty_differences_are_printed() -> None:
    many = [difference(key=number, fields=("v",), row=None) for number in range(30)]

    lines = said(found(replace(EQUAL, different=30)), *many)

    assert sum(line.startswith("shop.orders ") and "different" in line for line in lines) == 20
    assert lines[-1] == "And 10 more: see _migrator.differences."


def test_the_verdict_is_one_sentence() -> None:
    assert verdict(found(EQUAL), 3.21) == (
        "EQUAL: all 100 rows of 1 table were compared, and each is equal to its document; 3.2 s."
    )
    mended = replace(EQUAL, extra=1, different=1, repaired=2)
    assert verdict(found(mended), 3.21).endswith("; 3.2 s. 2 of them were repaired.")
    users = TableFindings(USERS, dead_letters=3, obstacle="It has no key.")
    assert verdict(found(replace(EQUAL, extra=3, repaired=1), users), 60) == (
        "NOT EQUAL: 2 differences, 3 rows in the dead letters, 1 of 2 tables not wholly compared; "
        "1 min 0 s."
    )


def test_a_machine_reads_the_same() -> None:
    values = {"qty": Decimal128("1.50")}
    one = difference(fields=("qty",), row=values, document=bson.decode(bson.encode(values)))
    hidden = difference(row=None, document=None, repaired=True)
    seen = found(replace(EQUAL, different=3, repaired=1), TableFindings(USERS, obstacle="Odd."))

    written = json.loads(json.dumps(report(seen, [one, hidden])))

    zero = dict.fromkeys(
        ("compared", "equal", "different", "missing", "extra", "repaired", "looked_at_again",
         "dead_letters"), 0,
    )  # fmt: skip
    assert written == {
        "equal": False,
        "tables": [
            {"table": "shop.orders", "not_compared": None, **zero, "compared": 100, "equal": 100,
             "different": 3, "repaired": 1},
            {"table": "shop.users", "not_compared": "Odd.", **zero},
        ],
        "differences": [
            {"table": "shop.orders", "kind": "different", "key": "7", "repaired": False,
             "fields": [
                 {"name": "qty", "source": "decimal 1.50", "target": "decimal 1.50"}]},
            {"table": "shop.orders", "kind": "different", "key": "7", "repaired": True,
             "fields": [{"name": "qty"}, {"name": "note"}]},
        ],
        "differences_not_kept": 1,
    }  # fmt: skip
