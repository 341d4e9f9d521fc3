"""A column as information_schema declares it."""

import re

from migrator.errors import ConfigurationError
from migrator.mysql.columns.column import Column
from migrator.mysql.columns.metadata import Declaration
from migrator.mysql.text.charsets import encode_text
from migrator.mysql.types.registry import BY_DECLARED_NAME, UNKNOWN

# MySQL says DEFAULT_GENERATED of a default that is an expression.
GENERATED = re.compile(r"\b(VIRTUAL|STORED|PERSISTENT)( GENERATED)?\b", re.IGNORECASE)
LABEL = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "Z": "\x1a"}


def declared_column(
    collation: int,
    name: str,
    data_type: str,
    column_type: str,
    nullable: str,
    octets: int | None,
    precision: int | None,
    scale: int | None,
    fraction: int | None,
    extra: str | None,
) -> Column:
    """A column by its row of information_schema.COLUMNS, and its collation's id."""
    data_type = data_type.lower()
    kind = BY_DECLARED_NAME.get(data_type, UNKNOWN)
    labels = _labels(column_type, collation) if kind.has_labels else ()
    declaration = Declaration(
        name=data_type,
        octets=int(octets or 0),
        precision=int(precision or 0),
        scale=int(scale or 0),
        fraction=int(fraction or 0),
        labels=len(labels),
    )
    return Column(
        name=name,
        kind=kind,
        metadata=kind.declared_metadata(declaration),
        unsigned="unsigned" in column_type.lower(),
        nullable=nullable == "YES",
        collation=collation if kind.has_collation else None,
        labels=labels,
        generated=bool(GENERATED.search(extra or "")),
    )


def _labels(declaration: str, collation: int) -> tuple[bytes, ...]:
    texts = (_unescaped(match[1]) for match in LABEL.finditer(declaration))
    return tuple(_encoded(text, collation) for text in texts)


def _encoded(text: str, collation: int) -> bytes:
    try:
        return encode_text(text, collation)
    except ConfigurationError:
        # A label that its own character set does not have: no value of a row equals it.
        return text.encode()


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda m: ESCAPES.get(m[1], m[1]) if m[1] else "'", text)
