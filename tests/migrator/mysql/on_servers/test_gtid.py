"""GTID sets behave as the server's own."""

from migrator.mysql.position.gtid import GtidSet
from migrator.mysql.wire.connection import Connection

UUIDS = ("3e11fa47-71ca-11e1-9e33-c80aa9429562", "00000000-0000-0000-0000-00000000000a")


async def test_the_server_agrees_about_subsets_and_text(mysql: Connection) -> None:
    samples = [
        (f"{UUIDS[0]}:1-5:7", f"{UUIDS[0]}:1-9"),
        (f"{UUIDS[0]}:1-5:tag:1", f"{UUIDS[0]}:1-9"),
        (f"{UUIDS[0]}:tag:1-3,{UUIDS[1]}:4", f"{UUIDS[1]}:1-4,{UUIDS[0]}:tag:3:1-2"),
        ("", f"{UUIDS[0]}:3"),
        (f"{UUIDS[0]}:6", f"{UUIDS[0]}:1-5:7-9"),
    ]

    for left, right in samples:
        ((subset, text),) = await mysql.query(
            "SELECT GTID_SUBSET(%s, %s), GTID_SUBTRACT(%s, '')", left, right, right
        )

        assert GtidSet.parse(left).is_subset(GtidSet.parse(right)) == bool(subset)
        assert str(GtidSet.parse(right)) == text.replace("\n", "")
