"""Asks the source which texts are equal in a column's collation."""

from collections.abc import Sequence

from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Queries

PAIRS_AT_ONCE = 500
COLLATION = """
    SELECT CHARACTER_SET_NAME, COLLATION_NAME FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND COLUMN_NAME = %s
"""
ALIKE = str.maketrans("jyvw", "iiuu")
"""Letters that some collations treat as equal, such as utf8mb4_roman_ci and _lithuanian_ci."""
FOLDABLE = frozenset({"ascii", "latin1", "utf8mb3", "utf8mb4", "ucs2", "utf16", "utf16le", "utf32"})
"""Character sets whose collations treat no ASCII texts as equal but those that `folded` does."""


def folded(text: str) -> str:
    """What two ASCII texts have in common if a collation of `FOLDABLE` treats them as equal."""
    return "".join(filter(str.isalnum, text.casefold().translate(ALIKE)))


async def equal_texts(
    connection: Queries, table: TableName, column: str, pairs: Sequence[tuple[str, str]]
) -> list[bool]:
    """For each pair, whether the column's collation treats both as equal. Raises `SourceError`."""
    (found,) = await connection.query(COLLATION, table.database, table.name, column)
    charset, collation = found
    equal: list[bool] = []
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[start : start + PAIRS_AT_ONCE]
        rows = " UNION ALL ".join(
            f"SELECT {n} AS n, {_literal(one, charset)} AS a, {_literal(other, charset)} AS b"
            for n, (one, other) in enumerate(some)
        )
        answer = await connection.query(
            f"SELECT n FROM ({rows}) v WHERE a COLLATE {collation} = b COLLATE {collation}"  # noqa: S608
        )
        numbers = {int(n) for (n,) in answer}
        equal += [n in numbers for n in range(len(some))]
    return equal


def _literal(text: str, charset: str) -> str:
    return f"CONVERT(CONVERT(X'{text.encode().hex()}' USING utf8mb4) USING {charset})"
