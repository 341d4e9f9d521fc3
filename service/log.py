"""Structured logs: for people on a terminal, one JSON object a line for machines.

Nothing that a client sends can act on the reader of a log, or be repeated in it: control
characters and marks of direction are written as escapes in every field, and an exception is
logged with its kind, code and place only, since drivers repeat values in their messages.
"""

import logging
import re
import sqlite3
import sys
import traceback
import warnings
from types import TracebackType
from typing import Literal, TextIO

import orjson
import structlog
from pymysql.err import MySQLError
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

FIELD_LENGTH_MAX = 1_000
_NUMBERS = frozenset({int, float, bool, type(None)})
# C0, DEL and C1; marks of direction; line separators; code points that are not text. The
# joiners of Persian and emoji are not among them.
_ACTING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text with escapes in place of the characters that act on a terminal or a reader."""
    if text.isprintable():
        return text
    return _ACTING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def configure_logging(form: Literal["text", "json"], level: str) -> None:
    """Write the service's events to stderr, from `level` upwards; libraries only their warnings."""
    first: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [structlog.processors.ExceptionRenderer(_without_messages), _escape]
    _configure_libraries([*first, _first_line], [*last, *_text_renderers(form, sys.stderr)])
    factory: structlog.PrintLoggerFactory | structlog.BytesLoggerFactory
    if form == "json":
        last.append(structlog.processors.JSONRenderer(serializer=orjson.dumps))
        factory = structlog.BytesLoggerFactory(sys.stderr.buffer)
    else:
        last += _text_renderers(form, sys.stderr)
        factory = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )


def _text_renderers(form: Literal["text", "json"], stream: TextIO) -> list[Processor]:
    if form == "json":
        return [
            structlog.processors.JSONRenderer(
                serializer=lambda event, **_: orjson.dumps(event).decode()
            )
        ]
    if not stream.isatty():
        return [structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])]
    # structlog's other formatters show local variables, passwords among them.
    plain = structlog.dev.plain_traceback
    return [_indent, structlog.dev.ConsoleRenderer(exception_formatter=plain)]


def _configure_libraries(before: list[Processor], after: list[Processor]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    warnings.showwarning = _log_warning


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Log the kind and the place only: MySQL's warnings repeat values, too."""
    place = f"{filename}:{lineno}"
    structlog.get_logger("python").warning("warning", kind=category.__qualname__, place=place)


def _first_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop the lines that asyncio adds: tasks, with the messages of their exceptions."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _escape(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        # Every request passes here, so the usual, harmless values are skipped quickly.
        if type(value) is str:
            if value.isprintable() and len(value) <= FIELD_LENGTH_MAX:
                continue
        elif type(value) in _NUMBERS:
            continue
        if key != "exception":
            event[key] = _inert(value)
    return event


def _inert(value: object) -> object:
    if isinstance(value, str):
        return printable(value[:FIELD_LENGTH_MAX])
    if isinstance(value, list | tuple):
        return [_inert(one) for one in value]
    return value


def _indent(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = "    " + event["exception"].replace("\n", "\n    ")
    return event


def _without_messages(
    exc_info: tuple[type[BaseException], BaseException, TracebackType | None],
) -> str:
    """The traceback of an exception and of what led to it, with kinds in place of messages."""
    chain: list[BaseException] = []
    error: BaseException | None = exc_info[1]
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nwhich led to\n".join(
        "".join(traceback.format_tb(one.__traceback__)) + _kind(one) for one in reversed(chain)
    )


def _kind(error: BaseException) -> str:
    """The class, and the code that the database or the operating system gave."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name} of {', '.join(map(_kind, error.exceptions))}"
    code: object = None
    if isinstance(error, MySQLError) and error.args and isinstance(error.args[0], int):
        code = error.args[0]
    elif isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorname", None)
    elif isinstance(error, OSError):
        code = error.errno
    return name if code is None else f"{name} {code}"
