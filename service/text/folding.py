"""The searchable copy of a text, in which letters that readers take for the same are equal.

Case, accents, harakat, compatibility forms and invisible characters are removed; letters
that Arabic, Persian and Urdu keyboards type differently, and the digits of all scripts, are
unified. Databases then need only compare code points. Stored copies follow the rule only
after a migration has folded them again, so a change of the rule needs a new migration.
"""

import unicodedata

FOLDED_LENGTH_MAX = 16_383
"""What MySQL's TEXT holds of any characters; folding turns one ligature into up to eighteen."""
_CACHED_MAX = 20_000

# By code point, after decomposition, which has removed presentation forms and hamzas.
_LETTERS = {
    0x0640: "",  # Tatweel only stretches the line.
    **dict.fromkeys((0x0649, 0x064A, 0x06CD, 0x06D0, 0x06D2), "\u06cc"),
    **dict.fromkeys((0x0643, 0x06AA), "\u06a9"),
    **dict.fromkeys((0x0629, 0x06BE, 0x06C1, 0x06C3, 0x06D5), "\u0647"),
    0x0671: "\u0627",
}


class _Folds(dict[int, str]):
    """What each code point becomes, computed on its first use."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        digit = unicodedata.decimal(character, None)
        folded = character if digit is None else str(digit)
        if unicodedata.combining(character) or _is_unseen(character):
            folded = ""
        if len(self) < _CACHED_MAX:
            self[code] = folded
        return folded


def _is_unseen(character: str) -> bool:
    if "\ufe00" <= character <= "\ufe0f":
        return True  # Variation selectors choose a form of the character before them.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"} and not character.isspace()


_FOLDS = _Folds(_LETTERS)


def fold(text: str) -> str:
    """The text as it is compared, with single spaces between its words."""
    bare = unicodedata.normalize("NFKD", text).translate(_FOLDS)
    return " ".join(unicodedata.normalize("NFC", bare).casefold().split())


def folded(*parts: str) -> str:
    """The searchable copy of several texts; the line break keeps a term within one of them."""
    return "\n".join(fold(part) for part in parts if part)[:FOLDED_LENGTH_MAX]
