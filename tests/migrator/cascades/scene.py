"""What most of these tests do: copy, change in one session, settle, compare everything."""

from collections.abc import Sequence

from tests.migrator.cascades.equal import Row, landed, unlike_rows
from tests.migrator.road import Road

PARENTS = ("CREATE TABLE p (id INT PRIMARY KEY)", "INSERT INTO p VALUES (1), (2), (3)")
CHILDREN = (
    "CREATE TABLE c (id INT PRIMARY KEY, f INT, CONSTRAINT c_p FOREIGN KEY (f) REFERENCES p (id) "
    "ON DELETE CASCADE ON UPDATE CASCADE)",
    "INSERT INTO c VALUES (10, 1), (20, 2), (21, 2), (30, 3), (40, NULL)",
)


async def after(road: Road, *changes: str, table: str = "c") -> Sequence[Row]:
    """The documents of a table when changes of one session have landed; everything is equal."""
    async with road.going():
        await road.settled()
        await road.source.change(*changes)
        await road.settled()
    assert await unlike_rows(road) == []
    return landed(road, table)
