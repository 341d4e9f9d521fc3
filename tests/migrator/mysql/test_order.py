import pytest

from migrator.model.position import Position
from migrator.mysql.position.gtid import count
from migrator.mysql.position.order import covers

A = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
B = "4e11fa47-71ca-11e1-9e33-c80aa9429562"


@pytest.mark.parametrize(
    ("landed", "wanted", "answer"),
    [
        (f"{A}:1-9,{B}:1-3", f"{A}:1-9", True),
        (f"{A}:1-8", f"{A}:1-9", False),
        ("", f"{A}:1", False),
        ("0-1-9,1-1-4", "0-1-9", True),
        ("0-1-8,1-1-4", "0-1-9", False),
        ("", "0-1-1", False),
    ],
)
def test_gtids_decide(landed: str, wanted: str, answer: bool) -> None:
    elsewhere = Position(gtids=landed, file="binlog.000009", offset=9, server="another")

    assert covers(elsewhere, Position(gtids=wanted, file="binlog.000001")) is answer


@pytest.mark.parametrize(
    ("landed", "wanted", "answer"),
    [
        (("binlog.000002", 157), ("binlog.000001", 9_000), True),
        (("binlog.1000000", 157), ("binlog.999999", 9_000), True),
        (("binlog.000001", 900), ("binlog.000001", 900), True),
        (("binlog.000001", 899), ("binlog.000001", 900), False),
    ],
)
def test_without_gtids_files_and_offsets_decide(
    landed: tuple[str, int], wanted: tuple[str, int], answer: bool
) -> None:
    def position(place: tuple[str, int], server: str = "a") -> Position:
        return Position(file=place[0], offset=place[1], server=server)

    assert covers(position(landed), position(wanted)) is answer
    assert not covers(position(landed), position(wanted, "b"))


@pytest.mark.parametrize(
    ("gtids", "number"),
    [("", 0), (f"{A}:7", 1), (f"{A}:1-5:9,\n{B}:1-2", 8), (f"{A}:1-5:nightly:1-2:9", 8)],
)
def test_transactions_of_a_set_are_counted(gtids: str, number: int) -> None:
    assert count(gtids) == number
