"""Reads a column from its row of information_schema."""

import re

from migrator.errors import ConfigurationError
from migrator.mysql.columns.column import Column
from migrator.mysql.columns.metadata import Declaration
from migrator.mysql.text.charsets import encode_text
from migrator.mysql.types.registry import BY_DECLARED_NAME, UNKNOWN

# DEFAULT_GENERATED, which MySQL says of a default that is an expression, must not match.
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
    """The column of a row of information_schema.COLUMNS; `collation` is the collation's id."""
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
    labels: list[bytes] = []
    for match in LABEL.finditer(declaration):
        text = ESCAPED.sub(lambda m: ESCAPES.get(m[1], m[1]) if m[1] else "'", match[1])
        try:
            labels.append(encode_text(text, collation))
        except ConfigurationError:
            # Its own character set cannot encode this label, so no row has it as a value.
            labels.append(text.encode())
    return tuple(labels)
