"""All kinds of columns, and how one is found.

A new kind stands in the `KINDS` of its family; a new family stands here.
"""

from migrator.mysql.columns.column import ColumnKind
from migrator.mysql.types import (
    decimals,
    json,
    labels,
    network,
    numbers,
    old_temporal,
    spatial,
    strings,
    temporal,
    vector,
)

# DECIMAL of before MySQL 5.0, and NULL, which no table has. TYPED_ARRAY (20) is left out: no
# released server writes it to a log.
UNREADABLE = (ColumnKind(name="DECIMAL", code=0), ColumnKind(name="NULL", code=6))
UNKNOWN = ColumnKind(name="UNKNOWN")
"""A type that only a newer catalogue has."""

FAMILIES = (
    numbers,
    decimals,
    temporal,
    old_temporal,
    strings,
    labels,
    json,
    spatial,
    vector,
    network,
)
KINDS: tuple[ColumnKind, ...] = (
    *(kind for family in FAMILIES for kind in family.KINDS),
    *UNREADABLE,
    UNKNOWN,
)
BY_CODE = {kind.code: kind for kind in KINDS if kind.code is not None}
BY_DECLARED_NAME = {name: kind for kind in KINDS for name in kind.declared}
