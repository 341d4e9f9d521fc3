"""The order of positions: which comes first, and whether one includes another."""

from collections.abc import Sequence

from migrator.model.position import Position
from migrator.mysql.position.gtid import flavour_of, parse


def log_offset(file: str, offset: int) -> tuple[int, int]:
    """A binlog file's number and an offset; such pairs sort in the order of the log."""
    # By number: as text, binlog.1000000 would sort before binlog.999999.
    number = file.rpartition(".")[2]
    return (int(number) if number.isdigit() else 0, offset)


def offset_of(position: Position) -> tuple[int, int]:
    """The file's number and the offset of a position, to be compared on one server."""
    return log_offset(position.file, position.offset)


def covers(landed: Position, wanted: Position) -> bool:
    """Whether everything in the log up to `wanted` has landed.

    Without GTIDs only positions in the log of one server can be compared; for two servers
    the answer is False.
    """
    if wanted.gtids:
        delivered = parse(wanted.gtids)
        return delivered.is_subset(parse(landed.gtids, flavour_of(wanted.gtids)))
    return landed.server == wanted.server and offset_of(landed) >= offset_of(wanted)


def earliest(positions: Sequence[Position]) -> Position:
    """The first of several positions of one stream: all others include its transactions."""
    if not all(one.gtids for one in positions):
        return min(positions, key=offset_of)
    delivered = [parse(one.gtids) for one in positions]
    return next(
        one
        for one, gtids in zip(positions, delivered, strict=True)
        if all(gtids.is_subset(others) for others in delivered)
    )


class Landmark:
    """A position ahead of the reader, which knows the transactions that come before it."""

    def __init__(self, position: Position) -> None:
        self._gtids = parse(position.gtids) if position.gtids else None
        self._offset = offset_of(position)

    def has(self, gtid: str, file: str, end: int) -> bool:
        """Whether it includes the transaction whose first event ends at `end` of `file`."""
        if self._gtids is not None:
            return gtid in self._gtids
        return log_offset(file, end) <= self._offset
