"""Cuts an SQL statement into tokens; comments are dropped, and quoted names are no keywords."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from migrator.model.table import TableName

ANSI_QUOTES = 1 << 2
MSSQL = 1 << 10
NO_BACKSLASH_ESCAPES = 1 << 20
SPLITTING = ANSI_QUOTES | MSSQL | NO_BACKSLASH_ESCAPES
"""The bits of sql_mode that change the division into tokens."""

# The content of a version comment counts as code, whether or not the server ran it.
SPACE = r"""
    [ \t\n\v\f\r]+ | /\*(?!M?!).*?(?:\*/|\Z) | /\*M?!\d* | \*/
    | --(?=[\x00-\x20]|\Z)[^\n]* | \#[^\n]*
"""
WORD = r"[0-9A-Za-z_$\x80-\U0010ffff]+"


class Token(NamedTuple):
    """A word, a quoted name, a string or a sign."""

    kind: str
    text: str

    @property
    def keyword(self) -> str:
        """The word in lower case; "" if it cannot be a keyword."""
        return self.text.lower() if self.kind == "word" else ""

    @property
    def is_name(self) -> bool:
        """Whether it can be an identifier."""
        return self.kind in {"word", "name"}


END = Token("end", "")
COMMA = Token("sign", ",")
DOT = Token("sign", ".")


@cache
def _pattern(sql_mode: int) -> re.Pattern[str]:
    inside = r"[^{0}]|{0}{0}" if sql_mode & NO_BACKSLASH_ESCAPES else r"[^{0}\\]|\\.|{0}{0}"
    double = '"(?:[^"]|"")*"' if sql_mode & ANSI_QUOTES else f'"(?:{inside.format(chr(34))})*"'
    names = [r"`(?:[^`]|``)*`"]
    strings = [f"'(?:{inside.format(chr(39))})*'"]
    (names if sql_mode & ANSI_QUOTES else strings).append(double)
    if sql_mode & MSSQL:
        names.append(r"\[[^\]]*\]")
    groups = {
        "space": SPACE,
        "name": "|".join(names),
        "string": "|".join(strings),
        "word": WORD,
        "sign": ".",
    }
    text = "|".join(f"(?P<{name}>{pattern})" for name, pattern in groups.items())
    return re.compile(text, re.VERBOSE | re.DOTALL)


def tokens_of(sql: str, sql_mode: int = 0) -> Iterator[Token]:
    """The tokens; the content of a version comment (`/*!80000 ... */`) is code."""
    for match in _pattern(sql_mode & SPLITTING).finditer(sql):
        kind, text = str(match.lastgroup), match[0]
        if kind == "name":
            end = text[-1]
            yield Token(kind, text[1:-1].replace(end + end, end))
        elif kind != "space":
            yield Token(kind, text)


class Words:
    """Reads tokens from left to right."""

    def __init__(self, tokens: Sequence[Token], database: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._database = database

    @property
    def rest(self) -> Sequence[Token]:
        """The unread tokens."""
        return self._tokens[self._at :]

    @property
    def next(self) -> Token:
        """The next token, `END` after the last."""
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def sees(self, *keywords: str) -> bool:
        """Whether the next word is one of these."""
        return self.next.keyword in keywords

    def takes(self, *keywords: str) -> bool:
        """Skip these words if all of them come next; returns whether they did."""
        following = self._tokens[self._at : self._at + len(keywords)]
        if [token.keyword for token in following] != list(keywords):
            return False
        self._at += len(keywords)
        return True

    def skip(self, *keywords: str) -> None:
        """Skip any number of these words."""
        while self.sees(*keywords):
            self._at += 1

    def skip_to(self, *keywords: str) -> None:
        """Skip to the next of these words outside parentheses, or to the end."""
        depth = 0
        while self.next is not END and not (depth == 0 and self.sees(*keywords)):
            depth += _nesting(self.next)
            self._at += 1

    def take(self) -> Token:
        """Read the next token."""
        token = self.next
        self._at += 1
        return token

    def name(self) -> TableName | None:
        """Read the name of a table; None if no name comes next."""
        if not self.next.is_name:
            return None
        first = self.take()
        if self.next != DOT:
            return TableName(self._database, first.text)
        self.take()
        return TableName(first.text, self.take().text) if self.next.is_name else None

    def specifications(self) -> list[list[Token]]:
        """The unread tokens, cut at the commas outside parentheses."""
        parts: list[list[Token]] = [[]]
        depth = 0
        for token in self.rest:
            depth += _nesting(token)
            if token == COMMA and depth == 0:
                parts.append([])
            else:
                parts[-1].append(token)
        return [part for part in parts if part]


def _nesting(token: Token) -> int:
    return {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
