"""The words of an SQL statement: comments are gone, quoted names are told from keywords."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from migrator.mysql.columns import TableName

TOKEN = re.compile(
    r"""
      (?P<space>  \s+ | /\*(?![!M]).*?\*/ | /\*M?!\d* | \*/ | --[\s][^\n]* | \#[^\n]* )
    | (?P<name>   `(?:[^`]|``)*` )
    | (?P<string> '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" )
    | (?P<word>   [\w$]+ )
    | (?P<sign>   . )
    """,
    re.VERBOSE | re.DOTALL,
)


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


def tokens_of(sql: str) -> Iterator[Token]:
    """The tokens; what stands in a version comment (`/*!80000 ... */`) is code."""
    for match in TOKEN.finditer(sql):
        kind, text = str(match.lastgroup), match[0]
        if kind == "name":
            yield Token(kind, text[1:-1].replace("``", "`"))
        elif kind == "string" and text[0] == '"':
            # With ANSI_QUOTES this is a name; a string never stands where one is looked for.
            yield Token("name", text[1:-1].replace('""', '"'))
        elif kind != "space":
            yield Token(kind, text)


class Words:
    """Reads tokens from left to right."""

    def __init__(self, tokens: Sequence[Token], database: str) -> None:
        self._tokens = tokens
        self._place = 0
        self._database = database

    def sees(self, *keywords: str) -> bool:
        """Whether the next word is one of these."""
        return self._peek().keyword in keywords

    def takes(self, *keywords: str) -> bool:
        """Go past these words, if they come next, all of them."""
        following = self._tokens[self._place : self._place + len(keywords)]
        if [token.keyword for token in following] != list(keywords):
            return False
        self._place += len(keywords)
        return True

    def names(self, most: int = 1_000) -> tuple[TableName, ...]:
        """The table names that come next, past IF EXISTS, commas and TO."""
        found: list[TableName] = []
        _ = self.takes("if", "not", "exists") or self.takes("if", "exists")
        while self._peek().is_name and len(found) < most:
            found.append(self._name())
            if self._peek().text == "," and len(found) < most:
                self._place += 1
            elif not self.takes("to"):
                break
        return tuple(found)

    def names_after(self, keyword: str) -> tuple[TableName, ...]:
        """The table name behind the next such keyword, if there is one."""
        while self._peek().kind != "end" and not self.takes(keyword):
            self._place += 1
        return self.names(1)

    def specifications(self) -> list[list[Token]]:
        """What is left, cut at the commas that stand in no parentheses."""
        parts: list[list[Token]] = [[]]
        depth = 0
        for token in self._tokens[self._place :]:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.text == "," and depth == 0:
                parts.append([])
            else:
                parts[-1].append(token)
        return [part for part in parts if part]

    def _name(self) -> TableName:
        first = self._next()
        if self._peek().text != ".":
            return TableName(self._database, first.text)
        self._place += 1
        return TableName(first.text, self._next().text)

    def _peek(self) -> Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else Token("end", "")

    def _next(self) -> Token:
        token = self._peek()
        self._place += 1
        return token
