"""A column, as the catalogue declares it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `type` is "decimal", `full` "decimal(12,2) unsigned".

    `precision` counts the digits of a number, `digits` those of a second's fraction. Bytes have
    neither `charset` nor `collation`.
    """

    name: str
    type: str
    full: str = ""
    precision: int = 0
    digits: int = 0
    charset: str = ""
    collation: str = ""

    @property
    def field(self) -> str:
        """Its name in a document, where MongoDB restricts a $ at the beginning."""
        return f"＄{self.name[1:]}" if self.name.startswith("$") else self.name

    @property
    def unsigned(self) -> bool:
        """Whether it has no negative numbers."""
        return "unsigned" in self.full
