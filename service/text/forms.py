"""Each kind of text has one normal form, by whichever door it comes in.

Registration and log-in, filters and the command line all go through here, so what
was kept is found again however it is typed: composed or decomposed, full-width or not.
"""

import re
import unicodedata
from itertools import groupby

from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

MARKS_MAX = 30
"""On one letter, as in Unicode's stream-safe texts (UAX 15): composing takes the square of them."""
TYPED_ADDRESS_LENGTH_MAX = 1_024
"""Longer ones are not looked at: no form of an address is as long."""
# What no database keeps alike: SQLite's LIKE ends at a NUL, and a surrogate is no character.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"})
# Hangul fillers, Khmer's inherent vowels, the empty braille cell: categories call them visible.
_BLANK_CHARACTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0")


def nfc(text: str) -> str:
    """The text composed: é as one code point, which is how all names and skus are kept.

    What is not storable stays as it is.
    """
    return unicodedata.normalize("NFC", text) if is_storable(text) else text


def is_storable(text: str) -> bool:
    """Whether all databases can hold the text, and it can be composed in no time."""
    return not _UNSTORABLE.search(text) and not _is_overmarked(text)


def _is_overmarked(text: str) -> bool:
    # A run of more than `MARKS_MAX` has one of them in each of these places, and few texts do.
    if not any(map(unicodedata.combining, text[MARKS_MAX :: MARKS_MAX + 1])):
        return False
    runs = groupby(text, key=lambda c: unicodedata.combining(c) > 0)
    return any(is_mark and sum(1 for _ in run) > MARKS_MAX for is_mark, run in runs)


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen: no characters, spaces, or zero-width ones only."""
    return all(
        unicodedata.category(c) in _INVISIBLE_CATEGORIES or c in _BLANK_CHARACTERS for c in text
    )


def normal_email(text: str) -> str:
    """The address in its normal form (RFC 5321 and 6531), without asking the network.

    Raises `EmailNotValidError` for what is no address.
    """
    if len(text) > TYPED_ADDRESS_LENGTH_MAX or not is_storable(text):
        raise EmailSyntaxError("An address is shorter, and of characters.")
    return validate_email(text.strip(), check_deliverability=False).normalized


def email_key(address: str) -> str:
    """Under which an address in its normal form is kept; its case does not matter."""
    return address.casefold()


def email_keys(text: str) -> list[str]:
    """Under which the account of an address may be kept, however it is typed; the likeliest first.

    Older rows, and those that others have written, may have the typed form without regard
    to case, even of what is no address any more.
    """
    typed = email_key(text.strip())
    try:
        return list(dict.fromkeys((email_key(normal_email(text)), typed)))
    except EmailNotValidError:
        return [typed]


def normal_password(password: str) -> str:
    """The password composed, every kind of space an ASCII one (RFC 8265, OpaqueString)."""
    return nfc("".join(" " if unicodedata.category(c) == "Zs" else c for c in password))
