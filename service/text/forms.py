"""The one normal form of each kind of text, wherever it comes from.

Registration and log-in, filters and the command line all use these functions, so stored
text is found again however it is typed: composed or decomposed, full-width or not.
"""

import re
import unicodedata
from itertools import groupby

from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

MARKS_MAX = 30
"""Marks on a letter, as in Unicode's stream-safe text (UAX 15): composing is quadratic in them."""
TYPED_ADDRESS_LENGTH_MAX = 1_024
"""Longer input is refused unread: no form of an address is as long."""
# What databases do not store alike: SQLite's LIKE ends at a NUL; a surrogate is not a character.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"})
# Hangul fillers, Khmer's inherent vowels, the empty braille cell: categories call them visible.
_BLANK_CHARACTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0")


def nfc(text: str) -> str:
    """The text composed (é as one code point), which is how all names and skus are stored.

    A text that cannot be stored is returned unchanged.
    """
    return unicodedata.normalize("NFC", text) if is_storable(text) else text


def is_storable(text: str) -> bool:
    """Whether all databases can hold the text, and composing it is fast."""
    return not _UNSTORABLE.search(text) and not _is_overmarked(text)


def _is_overmarked(text: str) -> bool:
    # A run of more than `MARKS_MAX` marks covers one of these positions; few texts have any.
    if not any(map(unicodedata.combining, text[MARKS_MAX :: MARKS_MAX + 1])):
        return False
    runs = groupby(text, key=lambda c: unicodedata.combining(c) > 0)
    return any(is_mark and sum(1 for _ in run) > MARKS_MAX for is_mark, run in runs)


def is_blank(text: str) -> bool:
    """Whether nothing is visible: the text is empty or has only spaces and invisible characters."""
    return all(
        unicodedata.category(c) in _INVISIBLE_CATEGORIES or c in _BLANK_CHARACTERS for c in text
    )


def normal_email(text: str) -> str:
    """The address in its normal form (RFC 5321 and 6531), without asking the network.

    Raises `EmailNotValidError` for a text that is not an address.
    """
    if len(text) > TYPED_ADDRESS_LENGTH_MAX or not is_storable(text):
        raise EmailSyntaxError("The address is too long, or has characters that cannot be stored.")
    return validate_email(text.strip(), check_deliverability=False).normalized


def email_key(address: str) -> str:
    """The key under which an address in its normal form is stored; case does not matter."""
    return address.casefold()


def email_keys(text: str) -> list[str]:
    """The keys under which an account may be stored, however its address is typed.

    The most likely comes first. Older rows, and rows that other programs have written, may
    have the typed form without its case, even if it is no longer a valid address.
    """
    typed = email_key(text.strip())
    try:
        return list(dict.fromkeys((email_key(normal_email(text)), typed)))
    except EmailNotValidError:
        return [typed]


def normal_password(password: str) -> str:
    """The password composed, with ASCII spaces for all others (RFC 8265, OpaqueString)."""
    return nfc("".join(" " if unicodedata.category(c) == "Zs" else c for c in password))
