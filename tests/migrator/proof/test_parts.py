"""The instruments of the proof measure what they claim to."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.migrator.proof import schema
from tests.migrator.proof.compare import Comparison, compare
from tests.migrator.proof.expected import describe, documents
from tests.migrator.proof.reader import Reader
from tests.migrator.proof.servers import Servers
from tests.migrator.proof.source import Source, gtid_count
from tests.migrator.proof.workload import Workload
from tests.migrator.proof.writer import Mix

Client = MongoClient[dict[str, Any]]
MIX = Mix(rate=120, ddl_every_s=0.15, mass_every_s=0.5, mass_rows=500, distributed=0.1)


@pytest.fixture(params=["mysql", "mariadb"])
def source(request: pytest.FixtureRequest, every_server: dict[str, Servers]) -> Iterator[Source]:
    """A filled database on each kind of server."""
    source = Source(every_server[request.param].source.url, "proof_parts")
    schema.build(source, seed=5)
    yield source
    source.drop()


@pytest.fixture
def target(servers: Servers) -> Iterator[Client]:
    """An empty target."""
    servers.clear_target()
    with Client(servers.target.url) as client:
        yield client
    servers.clear_target()


def copy(source: Source, client: Client) -> None:
    """What the migrator would do, by the comparison's own conversions."""
    for table in describe(source):
        if rows := list(documents(source, table)):
            client[source.database][table.name].insert_many(rows)


def compared(source: Source, servers: Servers) -> Comparison:
    return compare(source, servers.target.url)


def test_the_workload_keeps_its_invariants(source: Source) -> None:
    workload = Workload(source, seed=7, mix=MIX)

    workload.start()
    time.sleep(2.0)
    workload.stop()

    balance, accounts = source.rows(
        f"SELECT SUM(balance), COUNT(*) FROM `{source.database}`.accounts"
    )[0]
    assert (balance, accounts) == (schema.TOTAL, schema.ACCOUNTS)
    assert source.rows("XA RECOVER") == []
    assert workload.counts["committed"] > 50
    assert workload.counts["definitions"] >= 8
    assert workload.counts["XA commit"] > 0
    assert workload.counts["unknown"] == 0


def test_the_log_holds_as_many_transactions_as_were_committed(source: Source) -> None:
    before = source.executed()
    source.execute("INSERT INTO scratch (note) VALUES ('a'), ('b')", "TRUNCATE scratch")

    counted = source.transactions_since(before)

    assert counted == 2
    assert source.covers({"gtids": source.executed()}, before)
    assert not source.covers({"gtids": before}, source.executed())


def test_a_faithful_copy_compares_equal(source: Source, servers: Servers, target: Client) -> None:
    copy(source, target)

    comparison = compared(source, servers)

    comparison.check()
    assert comparison.tables == 21
    assert comparison.rows > 500


def test_every_kind_of_difference_is_named(
    source: Source, servers: Servers, target: Client
) -> None:
    copy(source, target)
    database = target[source.database]
    database.accounts.delete_one({"_id": 3})
    database.accounts.insert_one({"_id": 99, "balance": 0})
    database.accounts.update_one({"_id": 5}, {"$set": {"balance": 1000.0}})
    database.accounts.update_one({"_id": 6}, {"$unset": {"version": 1}})
    database.stray.insert_one({"_id": 1})

    accounts, stray = compared(source, servers).differences

    assert (accounts.missing, accounts.extra) == ([3], [99])
    assert [key for key, _ in accounts.differing] == [5, 6]
    assert accounts.differing[0][1] == {"balance": (1000, 1000.0)}
    assert (stray.collection, stray.extra) == ("stray", [1])


def test_the_order_of_a_composite_key_matters(
    source: Source, servers: Servers, target: Client
) -> None:
    copy(source, target)
    placements = target[source.database].placements
    document = placements.find_one_and_delete({})
    assert document is not None
    key = document["_id"]
    placements.insert_one(document | {"_id": dict(reversed(key.items()))})

    (difference,) = compared(source, servers).differences

    assert (difference.missing, difference.extra) == ([key], [dict(reversed(key.items()))])


def test_the_reader_sees_half_of_a_transfer(servers: Servers, target: Client) -> None:
    target["shop"].accounts.insert_many(
        {"_id": number, "balance": 10, "version": 1} for number in range(3)
    )
    target["shop"].masses.insert_many({"_id": number, "round": 0} for number in range(2))
    reader = Reader(servers.target.url, "shop", 3, 30, 2).start()
    time.sleep(0.4)
    assert reader.violations == []

    target["shop"].accounts.update_one({"_id": 1}, {"$inc": {"balance": -1, "version": -1}})
    target["shop"].masses.update_one({"_id": 1}, {"$inc": {"round": 1}})
    time.sleep(0.4)
    reader.stop()

    seen = "\n".join(reader.violations)
    assert "3 accounts hold 29" in seen
    assert "versions fell from 3 to 2" in seen
    assert "masses are in rounds {0: 1, 1: 1}" in seen


@pytest.mark.parametrize(
    ("gtids", "count"),
    [("", 0), ("u:1", 1), ("u:1-5:8,\nv:2-3", 8), ("u:1-5:tag:1-2:9", 8)],
)
def test_a_gtid_set_is_counted(gtids: str, count: int) -> None:
    assert gtid_count(gtids) == count
