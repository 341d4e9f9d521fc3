"""Structured logs: for people on a terminal, one JSON object a line for machines."""

import logging
import sys
from typing import Literal

import orjson
import structlog


def configure_logging(form: Literal["text", "json"], level: str) -> None:
    """Write the service's events to stderr, from `level` upwards; libraries only their warnings."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    factory: structlog.PrintLoggerFactory | structlog.BytesLoggerFactory
    if form == "json":
        processors += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ]
        factory = structlog.BytesLoggerFactory(sys.stderr.buffer)
    elif not sys.stderr.isatty():
        processors += [
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ]
        factory = structlog.PrintLoggerFactory(sys.stderr)
    else:
        # The default formatter of tracebacks shows local variables, passwords among them.
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        processors.append(renderer)
        factory = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
