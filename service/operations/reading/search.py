"""Text search that finds the same rows on SQLite and MySQL.

Their own full-text indexes cut words differently and know neither each other's
rules nor Persian's, so rows carry a folded copy of their text, and each term of
a search must occur in it. See docs/decisions/0003-text-search.md.
"""

from collections.abc import Iterable

from service.text.folding import fold

TERMS_MAX = 8
SEARCH_LENGTH_MAX = 200
ZERO_WIDTH_NON_JOINER = "\u200c"


def terms(search: str) -> Iterable[str]:
    """The first folded words of a search.

    Persian writes one word joined, half-parted by a non-joiner, or in two. Rows are folded
    to the joined form, and a search to its parts, which occur in that one, too.
    """
    parted = search[:SEARCH_LENGTH_MAX].replace(ZERO_WIDTH_NON_JOINER, " ")
    return fold(parted).split()[:TERMS_MAX]
