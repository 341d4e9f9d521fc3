"""Which of two places in the source's log comes first, and how much lies between them."""

import re

from migrator.model.position import Position
from migrator.mysql.position.gtid import GtidSet, MariadbPosition
from migrator.mysql.wire.connection import Connection

INTERVAL = re.compile(r"(\d+)(?:-(\d+))?")


def covers(landed: Position, wanted: Position) -> bool:
    """Whether all that the log holds up to `wanted` has landed.

    Without GTIDs only places in the log of one server can be compared; otherwise
    the answer is no.
    """
    if wanted.gtids:
        if is_mariadb(wanted.gtids):
            return MariadbPosition.parse(wanted.gtids).is_subset(
                MariadbPosition.parse(landed.gtids)
            )
        return GtidSet.parse(wanted.gtids).is_subset(GtidSet.parse(landed.gtids))
    return landed.server == wanted.server and _place(landed) >= _place(wanted)


def is_mariadb(gtids: str) -> bool:
    """Whether these GTIDs are `domain-server-number`, and not `uuid:number`."""
    return bool(gtids) and ":" not in gtids


def _place(position: Position) -> tuple[int, int]:
    # By number: binlog.1000000 comes after binlog.999999, and before it as a text.
    _, _, number = position.file.rpartition(".")
    return int(number) if number.isdigit() else 0, position.offset


async def transactions_behind(connection: Connection, landed: Position) -> int | None:
    """How many transactions the source has that did not land; None without GTIDs.

    Raises `SourceUnavailable`.
    """
    if connection.server.is_mariadb:
        ((last,),) = await connection.query("SELECT @@global.gtid_binlog_pos")
        return _numbers_between(landed.gtids, str(last))
    if not connection.server.gtid_mode:
        return None
    statement = "SELECT GTID_SUBTRACT(@@global.gtid_executed, %s)"
    ((missing,),) = await connection.query(statement, landed.gtids)
    return count(str(missing))


def count(gtids: str) -> int:
    """How many transactions a MySQL GTID set has: `uuid:1-5:7:tag:1-2` has 8."""
    total = 0
    for entry in gtids.replace("\n", "").split(","):
        for part in entry.strip().split(":")[1:]:
            if match := INTERVAL.fullmatch(part):  # Otherwise it is a tag.
                total += int(match[2] or match[1]) - int(match[1]) + 1
    return total


def _numbers_between(landed: str, last: str) -> int:
    """The numbers of each domain that are missing; a server may have left some out."""
    behind = dict(_domains(landed))
    return sum(max(0, number - behind.get(domain, 0)) for domain, number in _domains(last))


def _domains(gtids: str) -> list[tuple[str, int]]:
    entries = [entry.split("-") for entry in gtids.split(",") if entry]
    return [(domain, int(number)) for domain, _, number in entries]
