"""The keys of rows that wait for the decision on a distributed transaction."""

from migrator.model.document_key import document_key, has_key
from migrator.model.rows import Operation, RowGroup
from migrator.model.table import TableName

KEYS_MAX = 200_000
"""Of all prepared transactions together; of those beyond it, no keys are known."""
Keys = dict[TableName, set[bytes]]


class PreparedKeys:
    """What was prepared in this session, by the xid.

    When a transaction is committed, its rows change, and windows must know their keys.
    """

    def __init__(self) -> None:
        self._keys: dict[str, Keys | None] = {}
        self._count = 0

    def begin(self, xid: str) -> None:
        """Rows of a transaction follow."""
        self._forget(xid)
        self._keys[xid] = {}

    def add(self, xid: str, table: TableName, group: RowGroup) -> None:
        """Rows of it were taken."""
        known = self._keys.get(xid)
        if known is None:
            return
        is_plain = group.operation not in {Operation.CASCADE, Operation.EMPTY}
        if not is_plain or self._count + len(group.rows) > KEYS_MAX:
            self._forget(xid)
            self._keys[xid] = None
            return
        keys = {document_key(row) for row in group.rows if has_key(row)}
        known.setdefault(table, set()).update(keys)
        self._count += len(group.rows)

    def take(self, xid: str) -> Keys | None:
        """The keys of a transaction that is decided; None if they are not known."""
        known = self._keys.get(xid)
        self._forget(xid)
        return known

    def _forget(self, xid: str) -> None:
        known = self._keys.pop(xid, None)
        self._count -= sum(map(len, (known or {}).values()))
