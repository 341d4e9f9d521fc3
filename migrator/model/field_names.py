"""The name of a column in a document.

Source: MongoDB Manual, "Field Names with Periods and Dollar Signs".
"""

FULLWIDTH_DOLLAR = "\uff04"


def field_name(column: str) -> str:
    """The column's name as a field: a leading $, which MongoDB restricts, becomes ＄."""
    return FULLWIDTH_DOLLAR + column[1:] if column.startswith("$") else column
