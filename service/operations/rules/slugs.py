"""Slugs: the names of products in URLs."""

import secrets

from slugify import slugify

from service.models.product import SLUG_LENGTH_MAX

_SUFFIX_BYTES = 4
# One character of a sku may become many: the normal form of one ligature has eighteen.
TAIL_LENGTH_MAX = 64


def slug_of(name: str, sku: str) -> str:
    """`Lahijan tea` as `lahijan-tea`; other scripts than Latin are kept, not transliterated."""
    return slugify(name, allow_unicode=True, max_length=SLUG_LENGTH_MAX) or slug_with(sku, "")


def slug_with(sku: str, slug: str) -> str:
    """The second choice, when the slug is taken: the slug followed by the sku."""
    tail = slugify(sku, allow_unicode=True, max_length=TAIL_LENGTH_MAX) or secrets.token_hex(
        _SUFFIX_BYTES
    )
    return f"{slug[: SLUG_LENGTH_MAX - len(tail) - 1]}-{tail}".strip("-")


def slug_at_random(slug: str) -> str:
    """The third choice, when that is taken, too."""
    tail = secrets.token_hex(_SUFFIX_BYTES)
    return f"{slug[: SLUG_LENGTH_MAX - len(tail) - 1]}-{tail}"


def is_slug(text: str) -> bool:
    """Whether a client's own slug has the form of the ones that we make."""
    return slugify(text, allow_unicode=True) == text
