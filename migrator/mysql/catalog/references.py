"""Foreign keys as references between documents, and whether these can be followed to the byte."""

from migrator.model.field_names import field_name
from migrator.model.reference import ForeignKey, Match, Reference
from migrator.mysql.catalog.tables import Table
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import BINARY_COLLATION, Column
from migrator.mysql.text.charsets import charset_of, compares_bytes
from migrator.mysql.types.calendar import MILLISECONDS_MAX
from migrator.mysql.types.strings import STRING, VARCHAR
from migrator.mysql.types.temporal import DATE, DATETIME2, TIMESTAMP2

TEXTS = frozenset({STRING, VARCHAR})


def reference_of(
    key: ForeignKey, child: Table, parent: Table | None, options: TypeOptions
) -> Reference:
    """The reference of a foreign key between two tables as they are now.

    With `parent` None the columns of the parent are not known, and taken to be as the child's.
    """
    columns = _columns(child, key.columns)
    others = _columns(parent, key.referenced) if parent is not None else columns
    pairs = list(zip(columns, others, strict=True)) if columns and others else []
    return Reference(
        key.name,
        child.name,
        tuple(field_name(column.name) for column in columns),
        parent.name if parent is not None else key.parent,
        tuple(map(field_name, key.referenced)),
        key.on_delete,
        key.on_update,
        tuple(field_name(column.name) for column in child.key_columns),
        key.columns,
        # A column may be missing here: the catalogue may be ahead of the stream.
        _joint({_match(one, other, options) for one, other in pairs}) if pairs else Match.UNKNOWN,
        recomputes=any(column.generated for column in child.columns)
        or any(one.kind is not other.kind for one, other in pairs),
    )


def _columns(table: Table, names: tuple[str, ...]) -> list[Column]:
    """The columns with these names, in any case; [] if one is missing."""
    known = {column.name.lower(): column for column in table.columns}
    found = [known[name.lower()] for name in names if name.lower() in known]
    return found if len(found) == len(names) else []


def _joint(matches: set[Match]) -> Match:
    """How documents match in several columns together."""
    inexact = matches - {Match.BYTES}
    if not inexact:
        return Match.BYTES
    return inexact.pop() if len(inexact) == 1 else Match.UNKNOWN


def _match(one: Column, other: Column, options: TypeOptions) -> Match:
    if is_text(one) and is_text(other):
        return _match_of_texts(one, other)
    own, theirs = ((c.kind, c.unsigned, c.collation, c.labels) for c in (one, other))
    varies = one.kind is VARCHAR  # Only the longest value differs.
    if own != theirs or not (varies or one.metadata == other.metadata):
        return Match.UNKNOWN
    if one.kind in {DATETIME2, TIMESTAMP2} and one.metadata > MILLISECONDS_MAX:
        return Match.AT_MOST if options.microseconds == "truncate" else Match.BYTES
    if one.kind in {DATE, DATETIME2, TIMESTAMP2} and options.zero_dates == "null":
        return Match.UNKNOWN
    return Match.BYTES


def _match_of_texts(one: Column, other: Column) -> Match:
    assert one.collation is not None
    if one.collation != other.collation or charset_of(one.collation).ambiguous:
        return Match.UNKNOWN
    is_padded = one.kind is STRING and other.kind is STRING
    return Match.BYTES if compares_bytes(one.collation, is_padded=is_padded) else Match.AT_LEAST


def is_text(column: Column) -> bool:
    """Whether the column has text that a collation compares."""
    return column.kind in TEXTS and column.collation not in {None, BINARY_COLLATION}
