"""The backlog: batches that the broker has confirmed and that have not landed. Pure."""

from collections import deque

from migrator.model.batch import Batch, BatchId
from migrator.model.state import Landed


class Backlog:
    """Counts what the queues hold; the bytes of its rows should not exceed `bytes_max`."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes = 0
        self._bytes_max = bytes_max
        self._queued: dict[int, deque[tuple[BatchId, int]]] = {}

    @property
    def beats(self) -> int:
        """How many batches without rows the queues hold."""
        return sum(not size for queued in self._queued.values() for _, size in queued)

    @property
    def is_over(self) -> bool:
        """Whether the queues hold more bytes than they should."""
        return self.bytes > self._bytes_max

    def confirmed(self, batch: Batch) -> None:
        """Count a batch that the broker has stored."""
        self._queued.setdefault(batch.partition, deque()).append((batch.id, batch.size))
        self.bytes += batch.size

    def landed(self, landed: Landed) -> None:
        """Forget the batches of a partition that have landed."""
        queued = self._queued.get(landed.partition, deque())
        while queued and queued[0][0] <= landed.batch:
            self.bytes -= queued.popleft()[1]
