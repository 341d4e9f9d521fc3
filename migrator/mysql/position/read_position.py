"""Where in the source's log the reader stands."""

from dataclasses import replace

from migrator.model.position import Position
from migrator.mysql.position.gtid import parse
from migrator.mysql.position.order import log_offset
from migrator.mysql.wire.connection import ServerInfo


class ReadPosition:
    """The end of the newest committed transaction; only `advance` passes one.

    It begins at `start`. Without GTIDs at the server, file and offset are all.
    """

    def __init__(self, start: Position, server: ServerInfo) -> None:
        self._position = start
        self._gtids = parse(start.gtids, server.flavour) if server.has_gtids else None
        self._offset = start.offset
        self._is_stale = False

    @property
    def committed(self) -> Position:
        """Where the newest committed transaction ended."""
        if self._is_stale:
            # Written when it is asked for, not for every transaction.
            gtids = str(self._gtids) if self._gtids is not None else ""
            self._position = replace(self._position, gtids=gtids, offset=self._offset)
            self._is_stale = False
        return self._position

    def with_open(self, gtid: str, end: int) -> Position:
        """Where an open transaction ends, whose end has been read and is not passed yet."""
        position = replace(self.committed, offset=end)
        if not gtid:
            return position
        return replace(position, gtids=f"{position.gtids},{gtid}".lstrip(","))

    def advance(self, gtid: str, end: int) -> None:
        """A transaction was committed."""
        if self._gtids is not None and gtid:
            self._gtids.add(gtid)
        self._offset = end
        self._is_stale = True

    def connected(self, identity: str) -> None:
        """The events that follow come from this server: file and offset mean something there."""
        if self.committed.server != identity:
            self._stand_at(replace(self._position, server=identity, file="", offset=0))

    def read_up_to(self, file: str, offset: int) -> None:
        """Between two transactions: nothing of interest stands before this place."""
        position = self.committed
        # With GTIDs the first events name a place that was passed long ago.
        if log_offset(file, offset) > log_offset(position.file, position.offset):
            self._stand_at(replace(position, file=file, offset=offset))

    def _stand_at(self, position: Position) -> None:
        self._position = position
        self._offset = position.offset
