"""What mysqlbinlog, MySQL's own reader, makes of a stretch of a binlog file.

The form of its output: the manual's "mysqlbinlog Row Event Display", and what it prints.
"""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from migrator.model.table import TableName
from servers.mysql import MySQL

TIMEOUT_S = 30
PROGRAM = "usr/bin/mysqlbinlog"

EVENT = re.compile(rb"#\d{6} +\d+:\d\d:\d\d server id \d+ +end_log_pos (\d+) CRC32 \w+ +\t?(\w+)")
COMMITTED = re.compile(rb"immediate_commit_timestamp=(\d+)")
GTID = re.compile(rb"SET @@SESSION.GTID_NEXT= '(.*:\d+)'")
TABLE = re.compile(rb"Table_map: `(.*)`\.`(.*)` mapped to number \d+")
ROW = re.compile(rb"### (INSERT INTO|UPDATE|DELETE FROM) `(.*)`\.`(.*)`")
IMAGE = re.compile(rb"### (WHERE|SET)")
# A text may look like the remark behind it, so the value takes as much as it can.
VALUE = re.compile(rb"###   @(\d+)=(.*) /\* \w.* meta=\d+ nullable=[01] is_null=([01]) \*/")
ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|[btnfr'\\])")
ESCAPES = {b"b": b"\b", b"t": b"\t", b"n": b"\n", b"f": b"\f", b"r": b"\r"}

Image = list[bytes | None]
"""A row, each column as it is printed, strings without quotes and escapes; None is NULL."""


@dataclass(slots=True)
class Printed:
    """One changed row; `images` are "WHERE" (before) and "SET" (after), as far as there are."""

    operation: str
    table: TableName
    images: dict[str, Image] = field(default_factory=dict)


@dataclass(slots=True)
class Transaction:
    """From one GTID to the next; `events` are their kinds and ends, in the log's order.

    The events inside a compressed transaction all end where it does.
    """

    gtid: str = ""
    committed_at: int = 0
    events: list[tuple[str, int]] = field(default_factory=list)
    tables: set[TableName] = field(default_factory=set)
    rows: list[Printed] = field(default_factory=list)

    @property
    def is_compressed(self) -> bool:
        """Whether its events came in a Transaction_Payload."""
        return any(kind == "Transaction_Payload" for kind, _ in self.events)


def mysqlbinlog(file: Path, start: int, stop: int, database: str) -> bytes:
    """What it prints of the rows in `database` between two offsets."""
    package = MySQL().package
    command = package.command_of(
        package.root / PROGRAM,
        "--no-defaults",
        "-vv",
        "--base64-output=decode-rows",
        f"--database={database}",
        f"--start-position={start}",
        f"--stop-position={stop}",
        str(file),
    )
    return subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT_S).stdout


def transactions(printed: bytes) -> list[Transaction]:
    """The transactions in the output of mysqlbinlog, those of others without their rows."""
    found: list[Transaction] = []
    image: Image = []
    for line in printed.split(b"\n"):
        if match := VALUE.fullmatch(line):
            image.append(_value(match))
            assert int(match[1]) == len(image), line
        elif match := IMAGE.fullmatch(line):
            image = found[-1].rows[-1].images[match[1].decode()] = []
        elif match := ROW.fullmatch(line):
            found[-1].rows.append(Printed(match[1].decode(), _table(match[2], match[3])))
        elif match := EVENT.match(line):
            _take_event(found, match, line)
        elif (match := GTID.match(line)) and found:
            found[-1].gtid = match[1].decode()
        else:
            # What is not understood must not be taken for less than there is.
            assert not line.startswith(b"###"), line
    return found


def _take_event(found: list[Transaction], match: re.Match[bytes], line: bytes) -> None:
    kind, end = match[2].decode(), int(match[1])
    if kind == "GTID":
        committed = COMMITTED.search(line)
        found.append(Transaction(committed_at=int(committed[1]) if committed else 0))
    if found:  # The file's first event comes before, wherever one begins.
        found[-1].events.append((kind, end))
        if table := TABLE.search(line):
            found[-1].tables.add(_table(table[1], table[2]))


def _table(database: bytes, name: bytes) -> TableName:
    return TableName(database.decode(), name.decode())


def _value(match: re.Match[bytes]) -> bytes | None:
    text = match[2]
    if match[3] == b"1":
        assert text == b"NULL", text
        return None
    if text.startswith(b"'"):
        assert text.endswith(b"'"), text
        return ESCAPE.sub(_character, text[1:-1])
    return text.strip()


def _character(match: re.Match[bytes]) -> bytes:
    name = match[1]
    return bytes.fromhex(name[1:].decode()) if len(name) == 3 else ESCAPES.get(name, name)
