"""Text search that finds the same rows on SQLite and MySQL.

Their own full-text indexes cut words differently and know neither each other's
rules nor Persian's, so rows carry a folded copy of their text, and each term of
a search must occur in it. See docs/decisions/0003-text-search.md.
"""

import unicodedata
from collections.abc import Iterable

TERMS_MAX = 8
SEARCH_LENGTH_MAX = 200
# Arabic letter forms and the zero-width non-joiner that Persian keyboards differ in.
_PERSIAN = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "\u200c": " "})


def fold(text: str) -> str:
    """Text without case, accents, compatibility forms and keyboard variants."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PERSIAN))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFC", bare).casefold().split())


def folded(*parts: str) -> str:
    """The searchable copy of several texts; the line break keeps a term within one of them."""
    return "\n".join(fold(part) for part in parts if part)


def terms(search: str) -> Iterable[str]:
    """The first folded words of a search."""
    return fold(search[:SEARCH_LENGTH_MAX]).split()[:TERMS_MAX]
