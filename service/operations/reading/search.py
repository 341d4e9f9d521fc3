"""Text search that finds the same rows on SQLite and MySQL.

Their full-text indexes split words by different rules, and neither knows Persian's, so each
row has a folded copy of its text, in which every term of a search must occur. See
docs/decisions/0003-text-search.md.
"""

from collections.abc import Iterable

from service.text.folding import fold

TERMS_MAX = 8
SEARCH_LENGTH_MAX = 200
ZERO_WIDTH_NON_JOINER = "\u200c"


def terms(search: str) -> Iterable[str]:
    """The first `TERMS_MAX` folded words of a search.

    Persian writes a compound joined, with a zero-width non-joiner, or as two words. Rows are
    folded to the joined form, and a search to the parts, which occur in the joined form.
    """
    parted = search[:SEARCH_LENGTH_MAX].replace(ZERO_WIDTH_NON_JOINER, " ")
    return fold(parted).split()[:TERMS_MAX]
