"""Mermaid diagrams have a form that hosts can draw; whether they are true is for readers to say."""

import re
from collections import Counter

import pytest

from tests.documents.markdown import Block, documents

KINDS = {"flowchart", "gitGraph", "sequenceDiagram", "stateDiagram-v2"}
PAIRS = ("()", "[]", "{}")
QUOTED = re.compile(r'"[^"\n]*"')
DIAGRAMS = [
    pytest.param(block, id=f"{document}:{block.line}")
    for document in documents()
    for block in document.blocks
    if block.language == "mermaid"
]


def wrong_with(text: str) -> str:
    """What is wrong with the form of a diagram, or nothing."""
    kind = text.split(maxsplit=1)[0] if text.strip() else ""
    if kind not in KINDS:
        return f"{kind!r} is no kind of diagram; there are {', '.join(sorted(KINDS))}"
    bare = QUOTED.sub("", text)
    if '"' in bare:
        return "a quotation mark is not closed on its line"
    counts = Counter(bare)
    odd = [pair for pair in PAIRS if counts[pair[0]] != counts[pair[1]]]
    return f"not as many {' as '.join(odd[0])}" if odd else ""


@pytest.mark.parametrize("diagram", DIAGRAMS)
def test_a_diagram_has_a_known_kind_and_closes_its_brackets(diagram: Block) -> None:
    assert wrong_with(diagram.text) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('flowchart LR\n a["b (c"] --> d[("e")]', ""),
        ("flowchart LR\n a[b --> c", "not as many [ as ]"),
        ('flowchart LR\n a["b] --> c', "a quotation mark is not closed on its line"),
        (
            "drawing LR\n a",
            "'drawing' is no kind of diagram; there are "
            "flowchart, gitGraph, sequenceDiagram, stateDiagram-v2",
        ),
    ],
)
def test_a_diagram_of_wrong_form_is_described(text: str, reason: str) -> None:
    assert wrong_with(text) == reason
