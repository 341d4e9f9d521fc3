"""Faults that are planted into a sound copy are found, by key and field."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from bson import Int64
from pymongo.collection import Collection

from migrator.independent.findings import Kind
from tests.migrator.independent.on_servers.scene import equal_rows, found, verified
from tests.migrator.road import Road, Source

ROWS = 8
DEFINITION = "n INT, big BIGINT, name VARCHAR(20), at DATETIME"
VALUES = "5, 5, 'é', '2024-02-29 01:02:03'"
Documents = Collection[dict[str, Any]]


def keys_of(source: Source) -> dict[str, tuple[str, list[str], list[Any]]]:
    """By table: the key's columns, its values in SQL, and the `_id`s that they are."""
    caseless = "utf8mb4_general_ci" if source.is_mariadb else "utf8mb4_0900_ai_ci"
    texts = ["B", "a", "A ", "é", "Z", "m", "m ", "😀"]
    # To the first collation capitals and accents are the same; the second key tells them apart.
    return {
        "integers": ("a INT", [str(n) for n in range(ROWS)], list(range(ROWS))),
        "composites": (
            "b BIGINT, a INT",
            [f"{n % 2}, {n}" for n in range(ROWS)],
            [{"b": Int64(n % 2), "a": n} for n in range(ROWS)],
        ),
        "words": (
            f"a VARCHAR(20) COLLATE {caseless}",
            [f"'{text}'" for text in ("B", "a", "c ", "d", "Z", "m", "N", "😀")],
            ["B", "a", "c ", "d", "Z", "m", "N", "😀"],
        ),
        "exact_words": (
            "a VARCHAR(20) COLLATE utf8mb4_bin, b INT",
            [f"'{text}', {n}" for n, text in enumerate(texts)],
            [{"a": text, "b": n} for n, text in enumerate(texts)],
        ),
        "binaries": (
            "a VARBINARY(8)",
            [f"X'{n:02x}00'" for n in range(ROWS)],
            [bytes((n, 0)) for n in range(ROWS)],
        ),
    }


def swap(documents: Documents, one: Any, other: Any) -> None:
    first, second = (documents.find_one({"_id": key}) or {} for key in (one, other))
    documents.replace_one({"_id": one}, {**second, "_id": one})
    documents.replace_one({"_id": other}, {**first, "_id": other})


def set_to(field: str, value: Any) -> Callable[[Documents, Any], object]:
    return lambda documents, key: documents.update_one({"_id": key}, {"$set": {field: value}})


FAULTS: dict[str, tuple[Callable[[Documents, Any], object], Kind, tuple[str, ...]]] = {
    "a value is another": (set_to("n", 6), Kind.DIFFERENT, ("n",)),
    "an integer is a double": (set_to("n", 5.0), Kind.DIFFERENT, ("n",)),
    "an integer has another width": (set_to("big", 5), Kind.DIFFERENT, ("big",)),
    "a date is a string": (set_to("at", "2024-02-29 01:02:03"), Kind.DIFFERENT, ("at",)),
    "a character is another": (set_to("name", "e"), Kind.DIFFERENT, ("name",)),
    "a field is missing": (
        lambda documents, key: documents.update_one({"_id": key}, {"$unset": {"name": 1}}),
        Kind.DIFFERENT,
        ("name",),
    ),
    "a field is too many": (set_to("extra", None), Kind.DIFFERENT, ("extra",)),
    "a document is deleted": (
        lambda documents, key: documents.delete_one({"_id": key}),
        Kind.MISSING,
        (),
    ),
}


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("table", ["integers", "composites", "words", "exact_words", "binaries"])
async def test_every_fault_is_found_by_key_and_field(
    source: Source, road: Road, table: str
) -> None:
    columns, keys, ids = keys_of(source)[table]
    names = ", ".join(column.split()[0] for column in columns.split(", "))
    rows = ", ".join(f"({key}, {VALUES})" for key in keys)
    source.run(
        "SET NAMES utf8mb4",
        f"CREATE TABLE {table} ({columns}, {DEFINITION}, PRIMARY KEY ({names}))",
        f"INSERT INTO {table} VALUES {rows}",
    )
    await road.copy()
    assert equal_rows(await verified(road)) == {table: ROWS}
    documents = road.client[source.database][table]

    for key, (plant, _, _) in zip(ids, FAULTS.values(), strict=True):
        plant(documents, key)

    findings = await verified(road)
    assert sorted(map(repr, found(findings))) == sorted(
        repr((table, kind, key, fields))
        for key, (_, kind, fields) in zip(ids, FAULTS.values(), strict=True)
    )
    (counted,) = findings.tables
    assert (counted.compared, counted.equal, counted.looked_again) == (ROWS, 0, ROWS)


@pytest.mark.usefixtures("soon")
async def test_swapped_and_added_documents_are_found(source: Source, road: Road) -> None:
    caseless = "utf8mb4_general_ci" if source.is_mariadb else "utf8mb4_0900_ai_ci"
    source.run(
        f"CREATE TABLE t (a VARCHAR(20) COLLATE {caseless} PRIMARY KEY, v INT)",
        "INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3)",
    )
    await road.copy()
    documents = road.client[source.database].t
    # To the source 'A' is the key 'a', and 'c ' may be 'c'.
    added: list[Any] = ["A", "c ", 7, {"a": "a"}, "d"]

    swap(documents, "a", "b")
    documents.insert_many([{"_id": key, "a": key, "v": 1} for key in added])

    findings = await verified(road)
    assert sorted(map(repr, found(findings))) == sorted(
        map(
            repr,
            [
                ("t", Kind.DIFFERENT, "a", ("a", "v")),
                ("t", Kind.DIFFERENT, "b", ("a", "v")),
                *(("t", Kind.EXTRA, key, ()) for key in added),
            ],
        )
    )


async def test_under_a_writer_only_the_planted_fault_is_found(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
        "INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 900) SELECT i, 0 FROM n"
        if source.is_mariadb
        else "INSERT INTO t (id, v) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 "
        "FROM n WHERE i < 900) SELECT i, 0 FROM n",
    )
    writing = True

    def write() -> None:
        with source.connect(source.database) as client, client.cursor() as cursor:
            number = 0
            while writing:
                number += 1
                key = number * 7919 % 800
                cursor.execute("REPLACE INTO t VALUES (%s, %s)", (key, number))
                cursor.execute("DELETE FROM t WHERE id = %s", ((key + 401) % 800,))

    async with road.going():
        await road.settled()
        road.client[source.database].t.update_one({"_id": 850}, {"$set": {"v": 1}})
        writer = asyncio.create_task(asyncio.to_thread(write))
        try:
            findings = await verified(road)
        finally:
            writing = False
            await writer

    assert found(findings) == [("t", Kind.DIFFERENT, 850, ("v",))]
    assert findings.tables[0].looked_again > 1
