"""Structured logs: for people on a terminal, one JSON object a line for machines."""

import logging
import sys
from typing import Literal

import orjson
import structlog


def configure_logging(form: Literal["text", "json"], level: str) -> None:
    """Write the migrator's events to stderr, from `level` upwards; libraries only warnings."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    factory: structlog.PrintLoggerFactory | structlog.BytesLoggerFactory
    if form == "json":
        processors.append(structlog.processors.JSONRenderer(serializer=orjson.dumps))
        factory = structlog.BytesLoggerFactory(sys.stderr.buffer)
    else:
        order = ["timestamp", "level", "event"]
        processors.append(structlog.processors.LogfmtRenderer(key_order=order))
        factory = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
