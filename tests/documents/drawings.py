"""Drawings of boxes and arrows as text; `svg.py` makes them visible.

A drawing is a file of sections, `name: text` or `name:` and indented lines:

    title, description     for those who cannot see it
    places                 a grid of names; a dot is an empty place
    boxes                  name: heading | line | line
    frames                 heading: names that are framed together
    arrows                 from -> to: label, and ~> for a dashed one

An arrow leaves and enters where it is shortest, or where it says: `a right -> top b`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.documents.markdown import ROOT

FOLDER = ROOT / "docs" / "drawings"
ARROW = re.compile(
    r"(?P<tail>\w+)(?: (?P<out>left|right|top|bottom))? (?P<line>->|~>)"
    r"(?: (?P<into>left|right|top|bottom))? (?P<head>\w+)(?:: (?P<label>.+))?"
)


class DrawingError(Exception):
    """The text of a drawing is wrong: which line, and how."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box at a place of the grid, counted from the left and from the top."""

    name: str
    column: int
    row: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """Boxes that belong together."""

    heading: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the side `out` of one box to the side `into` of another; "" is the shortest way."""

    tail: str
    head: str
    out: str
    into: str
    label: str
    dashed: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a file says."""

    title: str
    description: str
    boxes: dict[str, Box]
    frames: tuple[Frame, ...]
    arrows: tuple[Arrow, ...]


def parse(text: str) -> Drawing:
    """Read a drawing. Raises DrawingError."""
    sections = _sections(text)
    if missing := {"title", "description", "places", "boxes", "arrows"} - sections.keys():
        raise DrawingError(f"The section {min(missing)} is missing.")
    boxes = {box.name: box for box in _boxes(sections["places"], sections["boxes"])}
    frames = [line.rsplit(":", 1) for line in sections.get("frames", [])]
    drawing = Drawing(
        " ".join(sections["title"]),
        " ".join(sections["description"]),
        boxes,
        tuple(Frame(heading.strip(), tuple(names.split())) for heading, names in frames),
        tuple(map(_arrow, sections["arrows"])),
    )
    _check_names(drawing)
    return drawing


def _sections(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            name, colon, first = line.partition(":")
            if not colon:
                raise DrawingError(f"{line!r} is neither a section nor indented.")
            lines = sections.setdefault(name, [])
            line = first
        if line.strip():
            lines.append(line.strip())
    return sections


def _boxes(places: list[str], texts: list[str]) -> Iterator[Box]:
    lines = {}
    for text in texts:
        name, _, words = text.partition(":")
        lines[name] = tuple(line.strip() for line in words.split("|"))
    for row, names in enumerate(places):
        for column, name in enumerate(names.split()):
            if name != ".":
                if name not in lines:
                    raise DrawingError(f"{name} has a place and no box.")
                yield Box(name, column, row, lines.pop(name))
    if lines:
        raise DrawingError(f"{min(lines)} has a box and no place.")


def _arrow(text: str) -> Arrow:
    match = ARROW.fullmatch(text)
    if match is None:
        raise DrawingError(f"{text!r} is no arrow; one is `a -> b`, or `a right ~> top b: label`.")
    sides = match["out"] or "", match["into"] or ""
    return Arrow(match["tail"], match["head"], *sides, match["label"] or "", match["line"] == "~>")


def _check_names(drawing: Drawing) -> None:
    used = [name for frame in drawing.frames for name in frame.names]
    used += [name for arrow in drawing.arrows for name in (arrow.tail, arrow.head)]
    if unknown := set(used) - drawing.boxes.keys():
        raise DrawingError(f"{min(unknown)} is no box.")


def texts() -> list[Path]:
    """The files that drawings are made from."""
    return sorted(FOLDER.glob("*.txt"))
