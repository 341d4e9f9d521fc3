"""Drawings are made from text, and are what their text says now."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.documents.drawings import DrawingError, parse, texts
from tests.documents.markdown import ROOT, documents
from tests.documents.svg import svg

ALL = pytest.mark.parametrize("path", texts(), ids=lambda path: path.stem)
SMALL = """
title: Two boxes
description: One leads to
  the other.
places:
  a  .  b
  .  c  .
boxes:
  a: A <1> | first
  b: B
  c: C
frames:
  both: a b
arrows:
  a -> b: so & so
  b bottom ~> right c
"""


@ALL
def test_a_drawing_is_what_its_text_says(path: Path) -> None:
    drawn = path.with_suffix(".svg").read_text("utf-8")

    again = svg(parse(path.read_text("utf-8")))

    assert drawn == again, "make it again: python -m tests.documents.svg"


@ALL
def test_a_drawing_is_shown_by_the_page_of_its_package(path: Path) -> None:
    page = next(page for page in documents() if page.path == ROOT / f"docs/{path.stem}.md")

    assert f"drawings/{path.stem}.svg" in [link.target for link in page.links]


@ALL
def test_texts_stay_inside_of_their_boxes(path: Path) -> None:
    """Letters of 14 pixels are as wide as 9.2 on the average, bold ones in the widest font."""
    drawing = parse(path.read_text("utf-8"))
    widths = [int(width) for width in re.findall(r'class="box" .*? width="(\d+)"', _drawn(path))]

    needed = [len(box.lines[0]) * 9.2 for box in drawing.boxes.values()]

    assert [w for w, n in zip(widths, needed, strict=True) if w < n] == []


def _drawn(path: Path) -> str:
    return path.with_suffix(".svg").read_text("utf-8")


def test_a_drawing_has_what_it_was_told() -> None:
    drawn = svg(parse(SMALL))

    root = ElementTree.fromstring(drawn)
    said = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert said == ["both", "A <1>", "first", "B", "C", "so & so"]
    assert root.findtext("{http://www.w3.org/2000/svg}desc") == "One leads to the other."
    assert drawn.count("<polygon") == 2
    assert drawn.count('class="arrow dashed"') == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Two boxes\n", "", "The section title is missing."),
        ("  c: C\n", "", "c has a place and no box."),
        ("a  .  b", "a  .  .", "b has a box and no place."),
        ("both: a b", "both: a d", "d is no box."),
        ("a -> b: so", "a --> b: so", "'a --> b: so & so' is no arrow; one is"),
        ("b bottom ~> right c", "b ~> c", "b and c need sides"),
        ("places:", "places", "'places' is neither a section nor indented."),
    ],
)
def test_what_is_wrong_with_a_text_is_told(old: str, new: str, message: str) -> None:
    with pytest.raises(DrawingError, match=re.escape(message)):
        svg(parse(SMALL.replace(old, new)))
