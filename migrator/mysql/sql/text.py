"""A statement's bytes as text: the readings that its server may have had of them.

A client sends its statement in its own character set, and the log has those bytes; what the
server writes by itself stands there in UTF-8 under the same character set. Bytes that are no
text (a binary literal, a comment of another program) become U+FFFD; what stands around them
is read as the server's lexer reads it, character by character.

Source: MySQL, sql/sql_lex.cc and strings/ctype-*.cc (`ismbchar`); MariaDB has the same.
"""

import re
from functools import cache

from migrator.errors import ConfigurationError
from migrator.mysql.text.charsets import Charset, charset_of

UNREADABLE = "\ufffd"
# How lexers divide bytes into characters, also where such a character does not exist.
EUC = rb"\x8e[\xa0-\xdf]|\x8f[\xa1-\xfe]{2}|[\xa1-\xfe]{2}"
SHIFT_JIS = rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]"
CHARACTERS = {
    "big5": rb"[\xa1-\xf9][\x40-\x7e\xa1-\xfe]",
    "cp932": SHIFT_JIS,
    "eucjpms": EUC,
    "euckr": rb"[\x81-\xfe][\x41-\x5a\x61-\x7a\x81-\xfe]",
    "gb18030": rb"[\x81-\xfe](?:[\x40-\x7e\x80-\xfe]|[\x30-\x39][\x81-\xfe][\x30-\x39])",
    "gb2312": rb"[\xa1-\xf7][\xa1-\xfe]",
    "gbk": rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]",
    "sjis": SHIFT_JIS,
    "ujis": EUC,
}


def readings(data: bytes, collation: int) -> tuple[str, ...]:
    """The text in the client's character set, and in UTF-8 where that is another one."""
    if data.isascii():
        return (data.decode("ascii"),)
    in_utf8 = data.decode("utf-8", "replace")
    try:
        charset = charset_of(collation)
    except ConfigurationError:
        # A newer server's character set: no client speaks it but as an extension of ASCII.
        return in_utf8, data.decode("latin-1")
    if charset.name in {"utf8mb3", "utf8mb4", "binary"}:
        return (in_utf8,)
    return _in_charset(data, charset), in_utf8


def _in_charset(data: bytes, charset: Charset) -> str:
    try:
        return charset.decode(data)
    except UnicodeDecodeError:
        pieces = _characters(charset.name).findall(data)
        return "".join(_character(piece, charset) for piece in pieces)


@cache
def _characters(name: str) -> re.Pattern[bytes]:
    several = CHARACTERS.get(name)
    return re.compile(b"|".join(filter(None, (several, rb"[\x00-\x7f]+", rb"."))), re.DOTALL)


def _character(data: bytes, charset: Charset) -> str:
    try:
        return charset.decode(data)
    except UnicodeDecodeError:
        return UNREADABLE
