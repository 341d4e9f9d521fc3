"""The Persian documents keep step with the English ones, and read from right to left."""

import re
from collections.abc import Callable
from difflib import SequenceMatcher, unified_diff
from pathlib import Path

import pytest

from tests.documents.markdown import ROOT, Document

PAIRS = [
    (ROOT / "README.md", ROOT / "README.fa.md"),
    *((path.parents[1] / path.name, path) for path in sorted((ROOT / "docs/fa").glob("*.md"))),
]
BOTH = pytest.mark.parametrize(
    ("english", "persian"),
    [(Document(a), Document(b)) for a, b in PAIRS],
    ids=[str(b.relative_to(ROOT)) for _, b in PAIRS],
)
PERSIAN = pytest.mark.parametrize("page", [Document(b) for _, b in PAIRS], ids=str)
DIVISION = re.compile(r'<div dir="(rtl|ltr)">|</div>')
LETTER = re.compile(r"[^\W_]")
ISOLATED = re.compile(r'<(code|span) dir="ltr">.*?</\1>|<!--.*?-->')
RUN_TOGETHER = re.compile(r"[A-Za-z0-9][،:] +[A-Za-z]")
# Of the Arabic keyboard: they look right and are not found by a search.
NOT_PERSIAN = {"ي": "ی", "ك": "ک", "ى": "ی", "ة": "ه or هٔ"}


def compared(english: Document, persian: Document, what: Callable[[Document], list[str]]) -> str:
    """What differs, as `diff` shows it: - is only in the English one, + only in the Persian."""
    sides = what(english), what(persian)
    return "\n".join(unified_diff(*sides, str(english), str(persian), n=2, lineterm=""))


def commands(page: Document) -> list[str]:
    """Every line of every code block, each block after its info string."""
    return [line for b in page.blocks for line in (f"[{b.info}]", *b.text.rstrip().split("\n"))]


def shapes(page: Document) -> list[str]:
    """The size of each table."""
    return [f"a table of {table.rows} rows and {table.columns} columns" for table in page.tables]


def places(page: Document) -> list[str]:
    """Where the links lead, a translation counting as its original; not those to each other."""
    return sorted(place for link in page.links if (place := _place(page, link.target)))


def _place(page: Document, target: str) -> str:
    if target.startswith(("https:", "http:", "mailto:", "#")):
        return "" if target.startswith("#") else target
    originals = {b: a for a, b in PAIRS}
    path = (page.path.parent / target.partition("#")[0]).resolve()
    place = originals.get(path, path)
    return "" if place == originals.get(page.path, page.path) else str(place.relative_to(ROOT))


def marks(page: Document) -> list[str]:
    """The comments that say what is still to be filled in."""
    return re.findall(r"<!-- .*? -->", page.path.read_text("utf-8"))


@pytest.mark.parametrize("what", [commands, shapes, places, marks])
@BOTH
def test_both_have_the_same(
    english: Document, persian: Document, what: Callable[[Document], list[str]]
) -> None:
    assert compared(english, persian, what) == ""


def unpaired(english: Document, persian: Document) -> list[str]:
    """The headings that have no counterpart of their level at their place."""
    sides = english.headings, persian.headings
    before, after = ([heading.level for heading in side] for side in sides)
    wrong = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            wrong += [f"{english}:{h.line}: {'#' * h.level} {h.text}" for h in sides[0][a:b]]
            wrong += [f"{persian}:{h.line}: {'#' * h.level} {h.text}" for h in sides[1][c:d]]
    return wrong


@BOTH
def test_headings_have_the_same_levels_in_the_same_order(
    english: Document, persian: Document
) -> None:
    assert unpaired(english, persian) == []


@PERSIAN
def test_text_is_right_to_left_and_code_left_to_right(page: Document) -> None:
    nesting: list[str] = []
    wrong = []
    for token in page.tokens:
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            for match in DIVISION.finditer(token.content):
                nesting = [*nesting, match[1]] if match[1] else nesting[:-1]
        elif token.type in {"heading_open", "paragraph_open", "table_open"}:
            wrong += [f"{page}:{line}: text"] * (nesting[-1:] != ["rtl"])
        elif token.type == "fence":
            wrong += [f"{page}:{line}: code"] * (nesting[-1:] != ["ltr"])

    assert wrong == []
    assert nesting == []


@PERSIAN
def test_code_within_text_does_not_begin_or_end_with_a_sign(page: Document) -> None:
    """A sign at the edge would be moved to the other side: `<code dir="ltr">` holds it."""
    codes = page.inline_code()

    assert [c for c in codes if not (LETTER.match(c[0]) and LETTER.match(c[-1]))] == []


@PERSIAN
def test_latin_words_in_a_row_are_held_apart(page: Document) -> None:
    """Without `&rlm;` after the comma between them, the first one would be shown last."""
    texts = (ISOLATED.sub("", text) for text in page.paragraphs())

    wrong = [text for text in texts if RUN_TOGETHER.search(text)]

    assert wrong == []


@PERSIAN
def test_letters_are_persian(page: Document) -> None:
    text = page.path.read_text("utf-8")

    assert {letter: right for letter, right in NOT_PERSIAN.items() if letter in text} == {}


@pytest.mark.parametrize(
    ("text", "what", "told"),
    [
        ("```sh\nmake it\n```\n", commands, "-make it"),
        ("| a |\n| - |\n", shapes, "-a table of 1 rows and 1 columns"),
        ("[a](https://example.com)\n", places, "-https://example.com"),
        ("<!-- figures: x -->\n", marks, "-<!-- figures: x -->"),
    ],
)
def test_what_is_missing_in_a_translation_is_told(
    tmp_path: Path, text: str, what: Callable[[Document], list[str]], told: str
) -> None:
    english, persian = tmp_path / "a.md", tmp_path / "b.md"
    english.write_text(text)
    persian.write_text("")

    assert told in compared(Document(english), Document(persian), what).split("\n")


def test_a_heading_that_is_missing_in_a_translation_is_told(tmp_path: Path) -> None:
    english, persian = tmp_path / "a.md", tmp_path / "b.md"
    english.write_text("# One\n\n## Two\n\n### Three\n\n## Four\n")
    persian.write_text("# یک\n\n## دو\n\n## چهار\n")

    assert unpaired(Document(english), Document(persian)) == [f"{english}:5: ### Three"]
