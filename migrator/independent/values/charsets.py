"""Text of character sets that the server converts, and what it does not know of them."""

UNICODE = frozenset({"utf8mb4", "utf8mb3", "utf8", "ucs2", "utf16", "utf16le", "utf32"})
UNKNOWN = b"?"
"""What a client sees where the server knows no character."""
PUBLISHED = {
    "big5": "big5",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "cp850": "cp850",
    "cp852": "cp852",
    "cp866": "cp866",
    "cp932": "cp932",
    "eucjpms": "euc_jp",
    "euckr": "cp949",
    "gb18030": "gb18030",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "greek": "iso8859_7",
    "hebrew": "iso8859_8",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "latin1": "cp1252",
    "latin2": "iso8859_2",
    "latin5": "iso8859_9",
    "latin7": "iso8859_13",
    "macce": "mac_latin2",
    "macroman": "mac_roman",
    "sjis": "shift_jis",
    "tis620": "tis_620",
    "ujis": "euc_jp",
}
"""The same character sets in Python, whose tables are nobody's of this project."""


def foreign_text(charset: str, converted: bytes | None, stored: bytes | None) -> bytes:
    """The text in UTF-8: as the server converted it, unless it knew no character somewhere.

    Raises ValueError if nobody knows it. `?` is the same byte in each of these sets, and never
    the second byte of a character.
    """
    if converted is None or stored is None:
        raise ValueError("the server did not convert it")
    if converted.count(UNKNOWN) == stored.count(UNKNOWN):
        return converted
    try:
        return stored.decode(PUBLISHED[charset]).encode()
    except KeyError as error:
        raise ValueError("not known to Python") from error
