"""The words of an SQL statement: comments are gone, quoted names are told from keywords."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from migrator.model.table import TableName

ANSI_QUOTES = 1 << 2
MSSQL = 1 << 10
NO_BACKSLASH_ESCAPES = 1 << 20
SPLITTING = ANSI_QUOTES | MSSQL | NO_BACKSLASH_ESCAPES
"""The bits of sql_mode by which a statement is divided into other words."""

# What a version comment holds is code, whether or not this server ran it: then more is seen.
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
        """The word in lower case; "" for what cannot be a keyword."""
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
    """The tokens; what stands in a version comment (`/*!80000 ... */`) is code."""
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
        self._place = 0
        self._database = database

    @property
    def rest(self) -> Sequence[Token]:
        """The tokens that have not been read."""
        return self._tokens[self._place :]

    @property
    def next(self) -> Token:
        """The next token, `END` after the last."""
        return self._tokens[self._place] if self._place < len(self._tokens) else END

    def sees(self, *keywords: str) -> bool:
        """Whether the next word is one of these."""
        return self.next.keyword in keywords

    def takes(self, *keywords: str) -> bool:
        """Go past these words, if they come next, all of them."""
        following = self._tokens[self._place : self._place + len(keywords)]
        if [token.keyword for token in following] != list(keywords):
            return False
        self._place += len(keywords)
        return True

    def skip(self, *keywords: str) -> None:
        """Go past any number of these words."""
        while self.sees(*keywords):
            self._place += 1

    def skip_to(self, *keywords: str) -> None:
        """Go to the next of these words that stands in no parentheses, or to the end."""
        depth = 0
        while self.next is not END and not (depth == 0 and self.sees(*keywords)):
            depth += _nesting(self.next)
            self._place += 1

    def take(self) -> Token:
        """The next token, which is then read."""
        token = self.next
        self._place += 1
        return token

    def name(self) -> TableName | None:
        """The table's name that comes next; None if there is none."""
        if not self.next.is_name:
            return None
        first = self.take()
        if self.next != DOT:
            return TableName(self._database, first.text)
        self.take()
        return TableName(first.text, self.take().text) if self.next.is_name else None

    def specifications(self) -> list[list[Token]]:
        """What is left, cut at the commas that stand in no parentheses."""
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
