"""docs/debug.md asks for collections and names crash points that the migrator really has."""

import re

from migrator.runtime.failpoints import Point
from migrator.state.store import COLLECTIONS
from tests.documents.markdown import ROOT, Document

PAGE = Document(ROOT / "docs/debug.md")


def test_queries_ask_for_collections_that_the_migrator_makes() -> None:
    queries = "".join(block.text for block in PAGE.blocks if block.language == "js")

    asked = set(re.findall(r"\bdb\.(\w+)\.", queries))

    assert asked == set(COLLECTIONS) - {"decisions"}


def test_every_crash_point_is_described() -> None:
    text = PAGE.path.read_text("utf-8")

    described = re.findall(r"^\| `(\w+)` \| (?:capture|apply) \|", text, re.MULTILINE)

    assert described == list(Point)
