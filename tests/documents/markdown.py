"""Reading Markdown as a person sees it: headings, code blocks, links and tables."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {".venv", ".servers", ".bench", ".git", "node_modules", ".pytest_cache"}
PARSER = MarkdownIt("commonmark").enable("table")
HTML_LINK = re.compile(r"""\b(?:href|src|srcset)=["']([^"']+)["']""")
HTML_ANCHOR = re.compile(r"""\b(?:id|name)=["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; its anchor is the one that the page gets on GitHub."""

    level: int
    text: str
    anchor: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced code block, or an HTML comment; `heading` is the text of the one above it."""

    info: str
    text: str
    line: int
    heading: str

    @property
    def language(self) -> str:
        """The first word of the info string, or nothing."""
        return self.info.partition(" ")[0]

    @property
    def options(self) -> dict[str, str]:
        """The other words of the info string: `run needs=mysql` is {run: "", needs: "mysql"}."""
        pairs = (word.partition("=") for word in self.info.split()[1:])
        return {name: value for name, _, value in pairs}


@dataclass(frozen=True, slots=True)
class BrokerConnection:
    """Where a link or an image leads."""

    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """The shape of a table; rows include the head."""

    rows: int
    columns: int
    line: int


@dataclass(frozen=True)
class Document:
    """A Markdown document of the repository."""

    path: Path

    def __str__(self) -> str:
        """The path inside the repository, if it is in there."""
        inside = self.path.is_relative_to(ROOT)
        return str(self.path.relative_to(ROOT) if inside else self.path)

    @cached_property
    def tokens(self) -> list[Token]:
        """The blocks of the document, in order."""
        return PARSER.parse(self.path.read_text("utf-8"))

    @cached_property
    def headings(self) -> list[Heading]:
        """Every heading, in order."""
        seen: Counter[str] = Counter()
        found = []
        for opening, inline in zip(self.tokens, self.tokens[1:], strict=False):
            if opening.type == "heading_open":
                text = _plain(inline)
                anchor = _anchor(text)
                suffix = f"-{seen[anchor]}" if seen[anchor] else ""
                seen[anchor] += 1
                found.append(Heading(int(opening.tag[1]), text, anchor + suffix, _line(opening)))
        return found

    @property
    def anchors(self) -> set[str]:
        """What may stand after # in a link to this document."""
        html = "".join(token.content for token in self._every(("html_block", "html_inline")))
        return {heading.anchor for heading in self.headings} | set(HTML_ANCHOR.findall(html))

    @cached_property
    def blocks(self) -> list[Block]:
        """Every fenced block, and every comment `<!-- run ... -->` as a block `sh run hidden`."""
        return list(self._blocks())

    @cached_property
    def links(self) -> list[BrokerConnection]:
        """Every link and image, those in HTML too."""
        return list(self._links())

    @cached_property
    def tables(self) -> list[Table]:
        """Every table's shape."""
        return list(self._tables())

    def inline_texts(self) -> list[str]:
        """What is plain text in the eyes of the parser."""
        return [token.content for token in self._every(("text",))]

    def paragraphs(self) -> list[str]:
        """The text of each paragraph, heading and cell: code and tags are kept, marks are not."""
        inlines = (token for token in self.tokens if token.type == "inline")
        return [
            "".join(" " if t.type == "softbreak" else t.content for t in inline.children or ())
            for inline in inlines
        ]

    def inline_code(self) -> list[str]:
        """What stands between back-quotes in the text."""
        return [token.content for token in self._every(("code_inline",))]

    def _blocks(self) -> Iterator[Block]:
        heading = ""
        for token, inline in zip(self.tokens, [*self.tokens[1:], None], strict=False):
            if token.type == "heading_open" and inline is not None:
                heading = _plain(inline)
            elif token.type == "fence":
                yield Block(token.info.strip(), token.content, _line(token), heading)
            elif token.type == "html_block" and (hidden := _hidden(token.content)):
                first, _, text = hidden.partition("\n")
                yield Block(f"sh {first.strip()} hidden", text, _line(token), heading)

    def _links(self) -> Iterator[BrokerConnection]:
        for token in self._every(("link_open", "image", "html_block", "html_inline")):
            line = token.meta.get("line", 0)
            if token.type.startswith("html"):
                targets = HTML_LINK.findall(token.content)
            else:
                targets = [str(token.attrGet("href") or token.attrGet("src") or "")]
            yield from (BrokerConnection(target, line) for target in targets)

    def _tables(self) -> Iterator[Table]:
        rows = cells = line = 0
        for token in self.tokens:
            if token.type == "table_open":
                rows, cells, line = 0, 0, _line(token)
            rows += token.type == "tr_open"
            cells += token.type in {"th_open", "td_open"}
            if token.type == "table_close":
                yield Table(rows, cells // rows, line)

    def _every(self, types: tuple[str, ...]) -> Iterator[Token]:
        """The tokens of these types, inline ones included; each knows its line."""
        line = 0
        for block in self.tokens:
            line = _line(block) or line
            for token in (block, *(block.children or ())):
                if token.type in types:
                    token.meta["line"] = line
                    yield token


def documents() -> list[Document]:
    """Every Markdown document of the repository."""
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return [Document(ROOT / path) for path in sorted(paths) if not NOT_OURS & set(path.parts)]


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def _plain(inline: Token) -> str:
    kept = (token for token in inline.children or () if token.type in {"text", "code_inline"})
    return "".join(token.content for token in kept)


def _anchor(heading: str) -> str:
    """As GitHub makes it: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _hidden(html: str) -> str:
    comment = re.fullmatch(r"<!--\s*(run\b.*?)-->\s*", html, re.DOTALL)
    return comment.group(1) if comment else ""
