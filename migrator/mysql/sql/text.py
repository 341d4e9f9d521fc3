"""Decodes a statement's bytes into the texts that the server may have read.

A client sends its statement in its own character set, and the log has those bytes; statements
that the server writes itself are in UTF-8, and the log states the client's character set for
them too. Bytes that are not text (a binary literal, a comment of another program) become
U+FFFD; the bytes around them are read as the server's lexer does, character by character.

Source: MySQL, sql/sql_lex.cc and strings/ctype-*.cc (`ismbchar`); MariaDB has the same.
"""

import re
from functools import cache

from migrator.errors import ConfigurationError
from migrator.mysql.text.charsets import Charset, charset_of

UNREADABLE = "\ufffd"
# How lexers divide bytes into characters, whether or not such a character exists.
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
    """The text in the client's character set, and in UTF-8 if that differs."""
    if data.isascii():
        return (data.decode("ascii"),)
    in_utf8 = data.decode("utf-8", "replace")
    try:
        charset = charset_of(collation)
    except ConfigurationError:
        # The character set of a newer server; a client's always extends ASCII.
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
