"""Names are made of the field's terms; docs/glossary.md says which words are not used, and why."""

import ast
import re
from pathlib import Path

from tests.documents.markdown import ROOT

PAGE = (ROOT / "docs/glossary.md").read_text("utf-8")
PACKAGES = ("service", "migrator", "servers")
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    _, _, after = PAGE.partition(f"\n## {heading}\n")
    lines = [line for line in after.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


UNUSED = {word.strip() for row in rows("Words that names do not use") for word in row[0].split(",")}


def names() -> set[tuple[str, str]]:
    """Each name of a folder, a module and a class, with where it stands."""
    found: set[tuple[str, str]] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            place = str(path.relative_to(ROOT))
            found |= {(part, place) for part in Path(place).with_suffix("").parts}
            tree = ast.parse(path.read_text("utf-8"))
            found |= {(node.name, place) for node in ast.walk(tree) if type(node) is ast.ClassDef}
    return found


def test_names_use_no_word_that_the_glossary_replaces() -> None:
    wrong = [f"{place}: {name}" for name, place in sorted(names()) if words_of(name) & UNUSED]

    assert wrong == []


def words_of(name: str) -> set[str]:
    """The words of a name in CamelCase or snake_case; a dead letter is one word."""
    text = " ".join(WORDS.findall(name)).lower()
    return set(re.sub(r"dead letters?", "dead-letter", text).split())


def test_every_room_that_the_glossary_names_is_there() -> None:
    missing = [
        f"{term}: {room}"
        for heading, package in (("The service", "service"), ("The migrator", "migrator"))
        for term, _, room in rows(heading)
        if not (ROOT / package / room.strip("`")).is_dir()
    ]

    assert missing == []


def test_the_terms_are_in_order() -> None:
    for heading in "The service", "The migrator", "Both":
        terms = [row[0].lower() for row in rows(heading)]

        assert terms == sorted(terms)
