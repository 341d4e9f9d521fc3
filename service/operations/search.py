"""Text search that finds the same rows on SQLite and MySQL.

Their own full-text indexes cut words differently and know neither each other's
rules nor Persian's, so rows carry a folded copy of their text, and each term of
a search must occur in it. See docs/decisions/0003-text-search.md.
"""

import asyncio
import functools
import unicodedata
from collections.abc import Iterable

SEARCHES_AT_ONCE_MAX = 2
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


def search_turn() -> asyncio.Semaphore:
    """What a search is made under: it reads every row, so few at a time, or all others wait."""
    return _turns(asyncio.get_running_loop())


@functools.cache
def _turns(_loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(SEARCHES_AT_ONCE_MAX)
