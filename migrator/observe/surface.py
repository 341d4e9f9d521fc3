"""What is drawn again and again: on a terminal, else as a log line every few seconds."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import structlog
from rich.console import Console, RenderableType
from rich.live import Live

LOG_INTERVAL_S = 5.0

log = structlog.get_logger()


class Surface:
    """Use it as `with Surface(console) as surface`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._logged_at = float("-inf")
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def line(self, text: str) -> None:
        """Show a line above what is drawn."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def draw(
        self, rendered: Callable[[int], RenderableType], fields: Callable[[], dict[str, Any]]
    ) -> None:
        """Draw it for a terminal of this height, or log its fields as `progress` if it is time."""
        if self._console.is_terminal:
            self._live.update(rendered(self._console.size.height), refresh=True)
        elif time.monotonic() - self._logged_at >= LOG_INTERVAL_S:
            self._logged_at = time.monotonic()
            log.info("progress", **fields())
