"""What several of these tests begin with, and look at."""

from tests.migrator.road import Road

BEFORE = ("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")


def left_out(road: Road) -> dict[str, str]:
    """The tables that are not followed, with the reason of each."""
    tables = road.client[road.state].tables.find({"left_out": {"$ne": ""}})
    return {one["table"]: one["left_out"] for one in tables}
