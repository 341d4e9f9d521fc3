"""How far the reader of the source's log has come."""

from dataclasses import replace

from migrator.model.position import Position
from migrator.mysql.position.gtid import parse
from migrator.mysql.position.order import covers, log_offset, offset_of
from migrator.mysql.wire.connection import ServerInfo


class ReadPosition:
    """The end of the newest committed transaction, from `start` on; `advance` passes one.

    If the server has no GTIDs, it consists of file and offset only.
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
            # Built on demand, because printing the GTIDs for every transaction would be slow.
            gtids = str(self._gtids) if self._gtids is not None else ""
            self._position = replace(self._position, gtids=gtids, offset=self._offset)
            self._is_stale = False
        return self._position

    def has_passed(self, place: Position) -> bool:
        """Whether everything in the log up to a place has been read; it may be GTIDs only.

        A place in the log of a server that is no longer read counts as passed: nothing more of
        that log will come.
        """
        own = self._position
        if not place.file:
            return covers(self.committed, place)
        if own.server != place.server:
            return True
        if own.file == place.file:
            return self._offset >= place.offset
        return log_offset(own.file, self._offset) >= offset_of(place)

    def with_open(self, gtid: str, end: int) -> Position:
        """The position after an open transaction that ends at `end` and is not passed yet."""
        position = replace(self.committed, offset=end)
        if not gtid:
            return position
        return replace(position, gtids=f"{position.gtids},{gtid}".lstrip(","))

    def advance(self, gtid: str, end: int) -> None:
        """Pass a committed transaction that ends at `end`."""
        if self._gtids is not None and gtid:
            self._gtids.add(gtid)
        self._offset = end
        self._is_stale = True

    def connected(self, identity: str) -> None:
        """The next events come from this server; drop file and offset of any other."""
        if self.committed.server != identity:
            self._move_to(replace(self._position, server=identity, file="", offset=0))

    def read_up_to(self, file: str, offset: int) -> None:
        """Move on, between two transactions, to an offset before which no change is left."""
        position = self.committed
        # With GTIDs the first events name a file and an offset that were passed long ago.
        if log_offset(file, offset) > offset_of(position):
            self._move_to(replace(position, file=file, offset=offset))

    def _move_to(self, position: Position) -> None:
        self._position = position
        self._offset = position.offset
