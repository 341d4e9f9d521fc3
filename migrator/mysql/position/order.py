"""Which of two positions comes first, and whether one has all that another has."""

from collections.abc import Sequence

from migrator.model.position import Position
from migrator.mysql.position.gtid import flavour_of, parse


def log_offset(file: str, offset: int) -> tuple[int, int]:
    """A binlog file's number and an offset, in the order in which they were written."""
    # By number: binlog.1000000 comes after binlog.999999, and before it as a text.
    number = file.rpartition(".")[2]
    return (int(number) if number.isdigit() else 0, offset)


def covers(landed: Position, wanted: Position) -> bool:
    """Whether all that the log holds up to `wanted` has landed.

    Without GTIDs only places in the log of one server can be compared; otherwise
    the answer is no.
    """
    if wanted.gtids:
        delivered = parse(wanted.gtids)
        return delivered.is_subset(parse(landed.gtids, flavour_of(wanted.gtids)))
    return landed.server == wanted.server and _offset(landed) >= _offset(wanted)


def earliest(positions: Sequence[Position]) -> Position:
    """The first of positions of one stream: of two sets of GTIDs, the later holds the earlier."""
    if not all(one.gtids for one in positions):
        return min(positions, key=_offset)
    delivered = [parse(one.gtids) for one in positions]
    return next(
        one
        for one, gtids in zip(positions, delivered, strict=True)
        if all(gtids.is_subset(others) for others in delivered)
    )


class Landmark:
    """A position ahead of the reader: it knows which of the coming transactions it has."""

    def __init__(self, position: Position) -> None:
        self._gtids = parse(position.gtids) if position.gtids else None
        self._offset = _offset(position)

    def has(self, gtid: str, file: str, end: int) -> bool:
        """Whether it has the transaction whose first event ends at that place of the log."""
        if self._gtids is not None:
            return gtid in self._gtids
        return log_offset(file, end) <= self._offset


def _offset(position: Position) -> tuple[int, int]:
    return log_offset(position.file, position.offset)
