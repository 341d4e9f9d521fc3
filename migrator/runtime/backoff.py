"""How long to wait before the next try: longer each time, bounded, shortened at random."""

import asyncio
import random
from dataclasses import dataclass

import structlog

log = structlog.get_logger()


@dataclass(slots=True)
class Backoff:
    """Delays in seconds that double from `first_s` to `most_s`.

    Each is shortened by up to half at random, so that processes which lost the same
    server do not come back to it all at once.
    """

    first_s: float = 0.1
    most_s: float = 10.0
    failures: int = 0

    def next(self) -> float:
        """The delay after one more failure."""
        # The exponent is bounded: two to the power of a thousand failures overflows a float.
        delay_s = min(self.most_s, self.first_s * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return delay_s * random.uniform(0.5, 1.0)  # noqa: S311 - No secret.

    async def pause(self, error: Exception, what: str) -> None:
        """Log the error and `what` follows, such as "The chunk is read again", then wait."""
        delay_s = self.next()
        log.warning(f"{error} {what} in {delay_s:.1f} s.")
        await asyncio.sleep(delay_s)

    def reset(self) -> None:
        """Begin with the shortest delay again, after a success."""
        self.failures = 0
