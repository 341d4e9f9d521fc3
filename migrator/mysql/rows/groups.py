"""Collects the documents of rows in groups, in order, with refused rows among them."""

from collections.abc import Callable

from migrator.errors import ValueRefused
from migrator.model.rows import Operation, RowGroup
from migrator.mysql.rows.layout import Layout, Raws


class RowGroups:
    """The groups of one event, or of the packets of one read."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._groups: list[RowGroup] = []

    def rows(self, operation: Operation) -> list[bytes]:
        """The list to append to: of the last group if it has this operation, else of a new one."""
        if not self._groups or self._groups[-1].operation is not operation:
            self._groups.append(RowGroup(operation, []))
        return self._groups[-1].rows

    def add(self, operation: Operation, document_of: Callable[[Raws], bytes], raws: Raws) -> None:
        """Add the document that `document_of` makes of a row, or its refusal."""
        try:
            document = document_of(raws)
        except ValueRefused as error:
            is_gone = operation is Operation.DELETE
            document = self._layout.refusal(raws, error, is_gone=is_gone)
            operation = Operation.REFUSE
        self.rows(operation).append(document)

    def change(self, before: Raws, after: Raws) -> None:
        """Add a changed row: a PUT, after a DELETE if its key is another now."""
        identity = self._identity(before)
        if not identity or identity != self._identity(after):
            self.add(Operation.DELETE, self._layout.key_only, before)
        self.add(Operation.PUT, self._layout.row, after)

    def made(self) -> list[RowGroup]:
        """The groups that have rows."""
        return [group for group in self._groups if group.rows]

    def _identity(self, raws: Raws) -> bytes:
        try:
            return self._layout.identity(raws)
        except ValueRefused:
            return b""
