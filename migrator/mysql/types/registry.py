"""All kinds of columns, by code and by declared name.

Add a new kind to the `KINDS` of its family, and a new family to `FAMILIES`.
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

# DECIMAL from before MySQL 5.0, and NULL, which no table has. TYPED_ARRAY (20) is left out: no
# released server writes it to a log.
UNREADABLE = (ColumnKind(name="DECIMAL", code=0), ColumnKind(name="NULL", code=6))
UNKNOWN = ColumnKind(name="UNKNOWN")
"""The kind of a type that only newer servers know."""

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
