"""The searchable copy of a text: what readers take for the same letters is the same.

Case, accents, harakat, compatibility forms and invisible characters go; the letters that
Arabic, Persian and Urdu keyboards differ in, and the digits of all scripts, become one.
Databases then need only compare code points. Rows that an older rule has folded are
folded again by a migration, so a change of the rule needs a new one.
"""

import unicodedata

FOLDED_LENGTH_MAX = 16_383
"""What MySQL's TEXT holds, whatever the characters: a ligature becomes up to eighteen."""
_CACHED_MAX = 20_000

# By code point, after decomposition: presentation forms and letters with a hamza are gone then.
_LETTERS = {
    0x0640: "",  # Tatweel only stretches the line.
    **dict.fromkeys((0x0649, 0x064A, 0x06CD, 0x06D0, 0x06D2), "\u06cc"),
    **dict.fromkeys((0x0643, 0x06AA), "\u06a9"),
    **dict.fromkeys((0x0629, 0x06BE, 0x06C1, 0x06C3, 0x06D5), "\u0647"),
    0x0671: "\u0627",
}


class _Folds(dict[int, str]):
    """What each code point becomes, found out on its first use."""

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
        return True  # They choose between the forms of the character before.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"} and not character.isspace()


_FOLDS = _Folds(_LETTERS)


def fold(text: str) -> str:
    """The text as it is compared, its words parted by single spaces."""
    bare = unicodedata.normalize("NFKD", text).translate(_FOLDS)
    return " ".join(unicodedata.normalize("NFC", bare).casefold().split())


def folded(*parts: str) -> str:
    """The searchable copy of several texts; the line break keeps a term within one of them."""
    return "\n".join(fold(part) for part in parts if part)[:FOLDED_LENGTH_MAX]
