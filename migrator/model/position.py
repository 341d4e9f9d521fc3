"""A position in the source's log. `mysql/position/` compares and advances it."""

from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Position:
    """How far the source's log has been read: the end of a committed transaction.

    `gtids` is the GTID set (MySQL) or the list of last GTIDs per domain (MariaDB) up to
    there, "" without GTIDs. `file` and `offset` say where the last event ended on the server
    `server` (its server_uuid, or server_id on MariaDB). `rows` counts the changes of the
    *next* transaction that are already sent or landed: it is above zero only inside a giant
    transaction, which is sent again from its beginning after a crash, but without the first
    `cascaded` changes: the last of these is a cascade, which must not be repeated.
    """

    gtids: str = ""
    file: str = ""
    offset: int = 0
    server: str = ""
    rows: int = 0
    cascaded: int = 0

    def to_document(self) -> dict[str, Any]:
        """The position as it is stored and sent."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The position that `to_document` wrote, in this version or an earlier one."""
        known = {"cascaded": 0, **document}
        return cls(**{name: known[name] for name in cls.__slots__})
