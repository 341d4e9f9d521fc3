"""Binary rows of a SELECT become documents, or are refused, and nothing else."""

import pytest

from migrator.errors import BinlogCorrupt
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.rows.decoder import ResultDecoder
from tests.migrator.types.images import COUNT, ID, INT, MANY, NAME, binary_row, seen, text

OPTIONS = TypeOptions()


@pytest.mark.parametrize("count", [1, MANY])
def test_a_result_is_copied(count: int) -> None:
    made = ResultDecoder((ID, NAME, COUNT), (0,), OPTIONS)
    long = "é" * 200
    rows = [
        binary_row(INT(n), b"\xfc\x90\x01" + long.encode(), None if n % 2 else INT(n))
        for n in range(count)
    ]

    runs = seen(made.decode(rows))

    assert runs == [
        (
            "insert",
            [
                {"_id": n, "id": n, "name": long, "count": None if n % 2 else n}
                for n in range(count)
            ],
        )
    ]


@pytest.mark.parametrize(
    ("count", "operations"),
    [(0, ["refuse", "insert"]), (MANY, ["insert", "refuse", "insert"])],
)
def test_a_refused_row_of_a_result_stands_where_it_came(count: int, operations: list[str]) -> None:
    made = ResultDecoder((ID, NAME), (0,), OPTIONS)
    good = [binary_row(INT(1), text("a"))] * count

    runs = made.decode([*good, binary_row(INT(2), text(b"\xff")), binary_row(INT(3), text("b"))])

    assert [run.operation.value for run in runs] == operations


@pytest.mark.parametrize("count", [0, MANY])
def test_a_result_of_another_length_is_corrupt(count: int) -> None:
    made = ResultDecoder((ID, NAME), (0,), OPTIONS)
    row = binary_row(INT(2), text("abc"))

    for wrong in (row[:-1], row + b"x", row[:3], b""):
        with pytest.raises(BinlogCorrupt):
            made.decode([*[row] * count, wrong])
