"""Row images and binary rows become documents, or are refused, and nothing else."""

from collections.abc import Sequence
from typing import Any

import bson
import pytest

from migrator.errors import BinlogCorrupt, ConfigurationError, SourceError, UnsupportedChange
from migrator.model.rows import Operation, RowGroup
from migrator.mysql.catalog.columns import Column, ColumnType
from migrator.mysql.catalog.result_columns import result_columns
from migrator.mysql.rows.decoder import BinlogDecoder, ResultDecoder
from migrator.mysql.rows.programs import PROGRAMS_MAX, Programs
from migrator.mysql.types import TypeOptions
from migrator.mysql.wire.prepared import ResultColumn
from tests.migrator.types.images import (
    COUNT,
    ID,
    INT,
    NAME,
    binary_row,
    image,
    shape,
    text,
    thing,
)

THINGS = shape(ID, NAME, COUNT)
OPTIONS = TypeOptions()
MANY = 40
"""So many rows, that the last ones are decoded by a program."""


def decoder(*columns: Column, key: tuple[int, ...] = (0,)) -> BinlogDecoder:
    return BinlogDecoder(shape(*columns, key=key), key, OPTIONS)


def things() -> BinlogDecoder:
    return decoder(ID, NAME, COUNT)


def seen(groups: Sequence[RowGroup]) -> list[tuple[str, list[Any]]]:
    return [(group.operation.value, [bson.decode(row) for row in group.rows]) for group in groups]


def inserted(made: BinlogDecoder, *rows: bytes) -> list[tuple[str, list[Any]]]:
    body = b"".join(rows)
    return seen(made.inserts(b"head" + body + b"crc!", 4, 4 + len(body)))


def test_rows_with_and_without_nulls_keep_their_order() -> None:
    rows = [thing(n, None if n % 3 == 0 else f"n{n}", None if n % 2 else n) for n in range(MANY)]

    ((operation, documents),) = inserted(things(), *rows)

    assert operation == "insert"
    assert documents == [
        {
            "_id": n,
            "id": n,
            "name": None if n % 3 == 0 else f"n{n}",
            "count": None if n % 2 else n,
        }
        for n in range(MANY)
    ]
    assert list(documents[-1]) == ["_id", "id", "name", "count"]


@pytest.mark.parametrize("count", [1, MANY])
def test_a_compound_key_is_a_document_in_the_order_of_the_key(count: int) -> None:
    made = decoder(ID, NAME, COUNT, key=(1, 0))

    ((_, documents),) = inserted(made, *[thing(5, "five", 1)] * count)

    assert (
        documents
        == [{"_id": {"name": "five", "id": 5}, "id": 5, "name": "five", "count": 1}] * count
    )
    assert list(documents[-1]["_id"]) == ["name", "id"]


@pytest.mark.parametrize("before", [0, MANY])
def test_a_row_that_cannot_be_carried_over_stands_where_it_came(before: int) -> None:
    usual = [thing(n, "fine", n) for n in range(before)]

    groups = inserted(things(), *usual, thing(100, b"\xff", 7), thing(101, "fine", 8))

    assert [operation for operation, _ in groups] == ["insert", "refuse", "insert"][not before :]
    (refusal,) = dict(groups)["refuse"]
    assert refusal == {
        "_id": 100,
        "column": "name",
        "reason": refusal["reason"],
        "row": {"id": 100, "count": 7},
    }
    assert groups[-1][1] == [{"_id": 101, "id": 101, "name": "fine", "count": 8}]


def test_a_row_whose_key_cannot_be_carried_over_has_no_id() -> None:
    made = decoder(ID, NAME, COUNT, key=(1,))

    ((operation, (refusal,)),) = inserted(made, thing(1, b"\xff", 2))

    assert operation == "refuse"
    assert list(refusal) == ["column", "reason", "row"]
    assert refusal["column"] == "name"
    assert refusal["row"] == {"id": 1, "count": 2}


@pytest.mark.parametrize("count", [1, MANY])
def test_a_row_that_is_too_large_is_refused(count: int) -> None:
    made = decoder(ID, Column("big", ColumnType.BLOB, 4, collation=63))
    large = 16 * 1024 * 1024
    rows = [image(INT(n), INT(1) + b"x") for n in range(count)]

    groups = inserted(made, *rows, image(INT(99), INT(large) + bytes(large)))

    assert [(operation, len(documents)) for operation, documents in groups] == [
        ("insert", count),
        ("refuse", 1),
    ]
    (refusal,) = groups[1][1]
    assert (refusal["_id"], refusal["column"]) == (99, "big")
    assert refusal["reason"] == "the row is larger than 16 MiB as a document"


@pytest.mark.parametrize("count", [1, MANY])
def test_a_changed_row_is_put(count: int) -> None:
    body = (thing(1, "old", 1) + thing(1, "new", None)) * count

    groups = seen(things().updates(body, 0, len(body)))

    assert groups == [("put", [{"_id": 1, "id": 1, "name": "new", "count": None}] * count)]


@pytest.mark.parametrize("before", [0, MANY])
def test_a_row_with_another_key_is_deleted_and_put(before: int) -> None:
    same = (thing(0, "old", 1) + thing(0, "new", 1)) * before
    body = same + thing(1, "a", 1) + thing(2, "a", 1) + thing(3, "b", 1) + thing(3, "c", 1)

    groups = seen(things().updates(body, 0, len(body)))

    assert groups[bool(before) :] == [
        ("delete", [{"_id": 1}]),
        (
            "put",
            [
                {"_id": 2, "id": 2, "name": "a", "count": 1},
                {"_id": 3, "id": 3, "name": "c", "count": 1},
            ],
        ),
    ]


def test_a_changed_row_may_be_refused_and_its_old_key_still_goes() -> None:
    body = thing(1, "a", 1) + thing(2, b"\xff", 1)

    groups = seen(things().updates(body, 0, len(body)))

    assert [(operation, documents[0]["_id"]) for operation, documents in groups] == [
        ("delete", 1),
        ("refuse", 2),
    ]


def test_a_row_that_was_refused_can_be_mended() -> None:
    body = thing(1, b"\xff", 1) + thing(1, "good", 1)

    groups = seen(things().updates(body, 0, len(body)))

    assert groups == [("put", [{"_id": 1, "id": 1, "name": "good", "count": 1}])]


@pytest.mark.parametrize("count", [1, MANY])
def test_a_deleted_row_has_its_key_only(count: int) -> None:
    body = thing(1, b"\xff invalid", 1) * count

    groups = seen(things().deletes(body, 0, len(body)))

    assert groups == [("delete", [{"_id": 1}] * count)]


@pytest.mark.parametrize("count", [1, MANY])
def test_a_result_is_copied(count: int) -> None:
    made = ResultDecoder((ID, NAME, COUNT), (0,), OPTIONS)
    long = "é" * 200
    rows = [
        binary_row(INT(n), b"\xfc\x90\x01" + long.encode(), None if n % 2 else INT(n))
        for n in range(count)
    ]

    groups = seen(made.decode(rows))

    assert groups == [
        (
            "insert",
            [
                {"_id": n, "id": n, "name": long, "count": None if n % 2 else n}
                for n in range(count)
            ],
        )
    ]


@pytest.mark.parametrize("count", [0, MANY])
def test_a_refused_row_of_a_result_stands_where_it_came(count: int) -> None:
    made = ResultDecoder((ID, NAME), (0,), OPTIONS)
    good = [binary_row(INT(1), text("a"))] * count

    groups = made.decode([*good, binary_row(INT(2), text(b"\xff")), binary_row(INT(3), text("b"))])

    assert [group.operation for group in groups][-2:] == [Operation.REFUSE, Operation.INSERT]
    assert len(groups) == 2 + bool(count)


@pytest.mark.parametrize("count", [1, MANY])
def test_an_image_that_is_cut_anywhere_is_corrupt(count: int) -> None:
    body = thing(1, "whole", 1) * count + thing(2, "a name", 5)
    whole = len(body) - len(thing(2, "a name", 5))

    for stop in range(whole + 1, len(body)):
        with pytest.raises(BinlogCorrupt):
            things().inserts(body[:stop], 0, stop)
        with pytest.raises(BinlogCorrupt):
            things().inserts(body, 0, stop)


@pytest.mark.parametrize("count", [0, MANY])
def test_a_result_of_another_length_is_corrupt(count: int) -> None:
    made = ResultDecoder((ID, NAME), (0,), OPTIONS)
    row = binary_row(INT(2), text("abc"))

    for wrong in (row[:-1], row + b"x", row[:3], b""):
        with pytest.raises(BinlogCorrupt):
            made.decode([*[row] * count, wrong])


def test_the_keys_of_rows_that_are_shown_in_part() -> None:
    made = things()
    # MINIMAL: the old row's key, and what is new.
    update = b"\xfe" + INT(1) + b"\xfe" + INT(9) + b"\xfe" + INT(2) + b"\xfc" + INT(3) + INT(8)
    only_id, only_count, both = b"\x01", b"\x04", b"\x05"

    first = made.keys(update[:10], 0, 10, only_id, only_count)
    second = made.keys(update[10:], 0, 14, only_id, both)
    deleted = made.keys(b"\xfe" + INT(5) + b"\xfe" + INT(6), 0, 10, only_id, b"")
    written = made.keys(b"\xfc" + INT(7) + INT(1), 0, 9, b"", both)

    def ids(keys: tuple[list[bytes], list[bytes]]) -> list[list[int]]:
        return [[bson.decode(key)["_id"] for key in side] for side in keys]

    # Rows that went, and rows that are there.
    assert ids(first) == [[], [1]]
    assert ids(second) == [[2], [3]]
    assert ids(deleted) == [[5, 6], []]
    assert ids(written) == [[], [7]]


def test_a_key_that_is_not_shown_is_unsupported() -> None:
    with pytest.raises(UnsupportedChange, match="Column id: is not in the event"):
        things().keys(b"\xfe" + INT(5), 0, 5, b"", b"\x04")


def test_images_without_any_column_end() -> None:
    with pytest.raises(BinlogCorrupt):
        things().keys(b"abc", 0, 3, b"", b"")
    with pytest.raises(UnsupportedChange):
        things().keys(b"abc", 0, 3, b"\0", b"\0")


@pytest.mark.parametrize(
    ("columns", "key", "names"),
    [
        ((Column("_id", ColumnType.LONG),), (0,), ["_id"]),
        ((Column("$set", ColumnType.LONG),), (0,), ["_id", "\uff04set"]),
        ((ID, Column("a.b$c", ColumnType.LONG)), (0,), ["_id", "id", "a.b$c"]),
    ],
)
@pytest.mark.parametrize("count", [1, MANY])
def test_names_of_columns_become_names_of_fields(
    columns: tuple[Column, ...], key: tuple[int, ...], names: list[str], count: int
) -> None:
    row = image(*[INT(1)] * len(columns))

    ((_, documents),) = inserted(decoder(*columns, key=key), *[row] * count)

    assert [list(document) for document in documents] == [names] * count


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ((ID, Column("_id", ColumnType.LONG)), (0,)),
        ((ID, Column("a\0b", ColumnType.LONG)), (0,)),
        ((ID, Column("$a", ColumnType.LONG), Column("\uff04a", ColumnType.LONG)), (0,)),
        ((ID,), ()),
        ((ID,), (1,)),
    ],
)
def test_a_table_that_cannot_be_documents_is_refused_as_a_whole(
    columns: tuple[Column, ...], key: tuple[int, ...]
) -> None:
    with pytest.raises(ConfigurationError, match="exclude the table"):
        decoder(*columns, key=key)


def answered(name: str, kind: int = 3, flags: int = 0, decimals: int = 0) -> ResultColumn:
    return ResultColumn(name, kind, flags, 63, decimals, 11)


def test_the_columns_of_a_result_are_those_of_the_catalogue() -> None:
    columns = [answered("count"), answered("id")]

    assert result_columns(columns, (ID, NAME, COUNT)) == (COUNT, ID)
    with pytest.raises(SourceError, match="count"):
        result_columns(columns, (ID, NAME))


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (answered("v", 8), Column("v", ColumnType.LONG)),
        (answered("v", flags=32), Column("v", ColumnType.LONG)),
        (answered("v", 12, decimals=3), Column("v", ColumnType.DATETIME2)),
        (answered("v", 246, decimals=3), Column("v", ColumnType.NEWDECIMAL, 10 << 8 | 2)),
        (answered("v", 253), Column("v", ColumnType.VARCHAR, 80, collation=255)),
    ],
)
def test_a_column_that_was_altered_is_noticed(found: ResultColumn, known: Column) -> None:
    with pytest.raises(SourceError, match="altered meanwhile"):
        result_columns([found], (known,))


def test_no_more_programs_are_written_than_there_is_room_for() -> None:
    made: list[bytes] = []

    def make(nulls: bytes) -> Any:
        made.append(nulls)
        return len

    programs = Programs(make)
    for _ in range(20):
        for number in range(2 * PROGRAMS_MAX):
            programs.find(number.to_bytes(2, "little"))

    assert len(made) == PROGRAMS_MAX
