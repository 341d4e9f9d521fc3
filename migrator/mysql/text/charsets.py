"""Every character set of MySQL 9 and MariaDB 10.11, by the ids of their collations.

Bytes decode to the text that the server itself converts them to. If the server has no text
for bytes that the published character set defines, such as the Persian kaf of cp1256, the
published one applies; bytes that neither defines are refused.

Source: MySQL and MariaDB, information_schema.COLLATIONS; the ids of MariaDB's collations
without padding are 1024 higher, and strings/ctype-uca1400.h numbers the rest from 2048.
"""

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from migrator.errors import ConfigurationError
from migrator.mysql.text.charset_tables import (
    FURTHER,
    OTHERWISE,
    PYTHON_SINGLE_BYTE,
    SINGLE_BYTE,
    UNKNOWN,
)

UNPADDED = 1024
UCA_1400 = 2048
UCA_1400_CHARSETS = ("utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32")

COLLATIONS: dict[str, tuple[int, ...]] = {
    "armscii8": (32, 64),
    "ascii": (11, 65),
    "big5": (1, 84),
    "binary": (63,),
    "cp1250": (26, 34, 44, 66, 99),
    "cp1251": (14, 23, 50, 51, 52),
    "cp1256": (57, 67),
    "cp1257": (29, 58, 59),
    "cp850": (4, 80),
    "cp852": (40, 81),
    "cp866": (36, 68),
    "cp932": (95, 96),
    "dec8": (3, 69),
    "eucjpms": (97, 98),
    "euckr": (19, 85),
    "gb18030": (248, 249, 250),
    "gb2312": (24, 86),
    "gbk": (28, 87),
    "geostd8": (92, 93),
    "greek": (25, 70),
    "hebrew": (16, 71),
    "hp8": (6, 72),
    "keybcs2": (37, 73),
    "koi8r": (7, 74),
    "koi8u": (22, 75),
    "latin1": (5, 8, 15, 31, 47, 48, 49, 94),
    "latin2": (2, 9, 21, 27, 77),
    "latin5": (30, 78),
    "latin7": (20, 41, 42, 79),
    "macce": (38, 43),
    "macroman": (39, 53),
    "sjis": (13, 88),
    "swe7": (10, 82),
    "tis620": (18, 89),
    "ucs2": (35, 90, *range(128, 160), *range(640, 672)),
    "ujis": (12, 91),
    "utf16": (54, 55, *range(101, 128), *range(672, 704)),
    "utf16le": (56, 62),
    "utf32": (60, 61, *range(160, 192), *range(736, 768)),
    "utf8mb3": (33, 76, 83, *range(192, 224), *range(576, 608)),
    "utf8mb4": (45, 46, *range(224, 248), *range(255, 336), *range(608, 640)),
}
CHARSETS = {collation: name for name, ids in COLLATIONS.items() for collation in ids}

BYTEWISE = frozenset({63, 309})
"""The ids of binary and utf8mb4_0900_bin, which compare bytes."""
BYTEWISE_BUT_FOR_PADDING = frozenset(
    {43, 46, 47, 50, 53, 55, 58, 61, 62, *range(64, 76), *range(77, 92), 93, 96, 98, 249}
)  # fmt: skip
"""The ids of the collations that end in _bin, to which spaces at the end do not matter."""

MULTI_BYTE = {
    "big5": ("big5", 2),
    "cp932": ("cp932", 2),
    "eucjpms": ("euc_jp", 3),
    "euckr": ("cp949", 2),
    "gb18030": ("gb18030", 4),
    "gb2312": ("gb2312", 2),
    "gbk": ("gbk", 2),
    "sjis": ("shift_jis", 2),
    "ucs2": ("utf-16-be", 2),
    "ujis": ("euc_jp", 3),
    "utf16": ("utf-16-be", 4),
    "utf16le": ("utf-16-le", 4),
    "utf32": ("utf-32-be", 4),
    "utf8mb3": ("utf-8", 3),
    "utf8mb4": ("utf-8", 4),
    # Labels may be binary; clients that speak UTF-8 wrote them.
    "binary": ("utf-8", 1),
}
"""Python's codec, and the size of the longest character in bytes."""

ASCII_INCOMPATIBLE = frozenset({"swe7", "ucs2", "utf16", "utf16le", "utf32"})
AMBIGUOUS = frozenset({"armscii8", "big5", "cp932", "eucjpms", "sjis", "ujis"})


@dataclass(frozen=True, slots=True)
class Charset:
    """A character set of the servers.

    `decode` raises UnicodeDecodeError, `encode` UnicodeEncodeError. `longest` is the size of
    its longest character in bytes.
    """

    name: str
    longest: int
    decode: Callable[[bytes], str]
    encode: Callable[[str], bytes]

    @property
    def like_ascii(self) -> bool:
        """Whether bytes below 0x80 are ASCII."""
        return self.name not in ASCII_INCOMPATIBLE

    @property
    def ambiguous(self) -> bool:
        """Whether some text has more than one encoding."""
        return self.name in AMBIGUOUS


def charset_of(collation: int) -> Charset:
    """The character set of a collation id. Raises `ConfigurationError` for an unknown one."""
    if collation >= UCA_1400:
        group = collation - UCA_1400 >> 8
        name = UCA_1400_CHARSETS[group] if group < len(UCA_1400_CHARSETS) else None
    else:
        name = CHARSETS.get(collation % UNPADDED)
    if name is None:
        raise ConfigurationError(
            f"The source uses the collation with the id {collation}, which this migrator does "
            "not know. Give the column a collation of MySQL 9 or MariaDB 10.11, or leave its "
            "table out of the migration."
        )
    return _charset(name)


def compares_bytes(collation: int, *, is_padded: bool) -> bool:
    """Whether only equal bytes are equal texts; `is_padded`: texts have no spaces at their end."""
    if collation in BYTEWISE or collation - UNPADDED in BYTEWISE_BUT_FOR_PADDING:
        return True
    return is_padded and collation in BYTEWISE_BUT_FOR_PADDING


def encode_text(text: str, collation: int) -> bytes:
    """`text` in the character set of the collation.

    Raises `ConfigurationError` if the set is unknown or does not have a character of it.
    """
    charset = charset_of(collation)
    try:
        return charset.encode(text)
    except UnicodeEncodeError as error:
        raise ConfigurationError(
            f"The character set {charset.name} cannot encode {text[:40]!r}, which the source "
            "lists as a label. Rename the label, or leave its table out of the migration."
        ) from error


@cache
def _charset(name: str) -> Charset:
    if name in MULTI_BYTE:
        codec, longest = MULTI_BYTE[name]
        return _multi_byte(name, codec, longest)
    table = SINGLE_BYTE.get(name) or _table(*PYTHON_SINGLE_BYTE[name])
    # Of equal characters the one with the lowest byte wins, which is that of ASCII.
    encoding = {ord(table[byte]): byte for byte in range(255, -1, -1) if table[byte] != UNKNOWN}
    return Charset(
        name,
        1,
        lambda data: codecs.charmap_decode(data, "strict", table)[0],
        lambda text: codecs.charmap_encode(text, "strict", encoding)[0],
    )


def _table(codec: str, otherwise: Mapping[int, str]) -> str:
    known = (bytes((byte,)).decode(codec, "replace") for byte in range(256))
    table = [UNKNOWN if one == "\ufffd" else one for one in known]
    for byte, character in otherwise.items():
        table[byte] = character
    return "".join(table)


def _multi_byte(name: str, codec: str, longest: int) -> Charset:
    errors = "strict"
    if name in FURTHER:
        errors = f"migrator.{name}"
        encoded = {text: data for data, text in reversed(list(FURTHER[name].items()))}
        codecs.register_error(errors, partial(_further, FURTHER[name], encoded))
    otherwise = OTHERWISE.get(name)
    if otherwise is None:
        return Charset(
            name,
            longest,
            lambda data: data.decode(codec, errors),
            lambda text: text.encode(codec, errors),
        )
    there = str.maketrans(otherwise)
    back = str.maketrans({new: old for old, new in otherwise.items() if new != "\\"})
    return Charset(
        name,
        longest,
        lambda data: _one_tilde(name, data).decode(codec, errors).translate(there),
        lambda text: text.translate(back).encode(codec, errors),
    )


def _one_tilde(name: str, data: bytes) -> bytes:
    # Python decodes this as the tilde of ASCII, the servers as the wide one. The byte 0x8f
    # always begins a character.
    return data.replace(b"\x8f\xa2\xb7", b"\xa1\xc1") if name == "eucjpms" else data


def _further(
    texts: Mapping[bytes, str], encoded: Mapping[str, bytes], error: UnicodeError
) -> tuple[str | bytes, int]:
    """Error handler: replaces what Python's codec does not know."""
    if isinstance(error, UnicodeDecodeError):
        for length in (2, 3):
            piece = error.object[error.start : error.start + length]
            if piece in texts:
                return texts[piece], error.start + length
    elif isinstance(error, UnicodeEncodeError) and error.object[error.start] in encoded:
        return encoded[error.object[error.start]], error.start + 1
    raise error
