"""The privileges of our account at the source.

Source: MySQL Reference Manual, "SHOW GRANTS Statement", "Partial Revokes"; MariaDB, "SHOW
GRANTS". Both also list the privileges of active roles.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Queries, quoted_table

NAME = r"(\*|`(?:[^`]|``)*`)"
GRANT = re.compile(rf"(GRANT|REVOKE) (.+?) ON {NAME}\.{NAME} (?:TO|FROM) ", re.DOTALL)
SYNONYMS = {"BINLOG MONITOR": "REPLICATION CLIENT"}
ALL = "ALL PRIVILEGES"
DENIED = frozenset({1044, 1142, 1143})
"""Errors for a table, a database or a column that our account may not read."""
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Grants:
    """The privileges of our `account`, by the pattern of databases; `*` is all databases."""

    account: str
    granted: dict[str, frozenset[str]]
    revoked: dict[str, frozenset[str]]

    def everywhere(self, *privileges: str) -> list[str]:
        """Which of the privileges we do not have in every database."""
        held = self.granted.get(EVERYWHERE, frozenset())
        lost = frozenset[str]().union(*self.revoked.values())
        return [one for one in privileges if not _holds(held - lost, one)]

    def has(self, privilege: str, database: str) -> bool:
        """Whether we hold it for every table of a database, future tables included."""
        if any(_matches(name, database) and _holds(lost, privilege)
               for name, lost in self.revoked.items()):  # fmt: skip
            return False
        return any(
            (name == EVERYWHERE or _matches(name, database)) and _holds(held, privilege)
            for name, held in self.granted.items()
        )

    def statement(self, privileges: Iterable[str], what: str) -> str:
        """The statement with which an administrator grants the privileges on `what`."""
        return f"GRANT {', '.join(privileges)} ON {what} TO {self.account};"


async def read_grants(source: Queries) -> Grants:
    """Read our grants from the server. Raises `SourceError`."""
    ((current,),) = await source.query("SELECT CURRENT_USER()")
    name, _, host = str(current).rpartition("@")
    granted: dict[str, frozenset[str]] = {}
    revoked: dict[str, frozenset[str]] = {}
    for (text,) in await source.query("SHOW GRANTS"):
        match = GRANT.match(str(text))
        if match is None or match[4] != "*":
            continue  # It grants a role, or a privilege for one table.
        names = {SYNONYMS.get(one, one) for one in re.split(r",\s*", match[2])}
        side = granted if match[1] == "GRANT" else revoked
        side[_unquoted(match[3])] = side.get(_unquoted(match[3]), frozenset()) | names
    return Grants(f"'{name}'@'{host}'", granted, revoked)


async def select_grant(source: Queries, table: TableName) -> str:
    """The statement that grants us SELECT on one table. Raises `SourceError`."""
    return (await read_grants(source)).statement(["SELECT"], quoted_table(table))


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def _holds(held: frozenset[str], privilege: str) -> bool:
    return bool(held & {privilege, ALL})


def _matches(pattern: str, database: str) -> bool:
    """Whether a grant covers this database: `%` and `_` are wildcards, a backslash escapes."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    regular = "".join(
        {"%": ".*", "_": "."}.get(part) or re.escape(part.removeprefix("\\")) for part in parts
    )
    return re.fullmatch(regular, database, re.DOTALL) is not None
