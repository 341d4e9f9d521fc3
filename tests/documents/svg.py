"""Drawings as SVG: `python -m tests.documents.svg` makes every drawing of `docs/drawings` anew.

The same text always gives the same bytes, whatever fonts a machine has.
"""

import math
import sys
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from tests.documents.drawings import Arrow, Box, Drawing, DrawingError, parse, texts

# Widths of letters are guessed generously: whoever looks has another font than we.
LETTER = 7.4
NAME_LETTER = 9.2
LINE = 18
PADDING = 12
GAP_X = 64
GAP_Y = 50
MARGIN = 36
HEAD = 8
DETOUR = 22
STYLE = """\
    /* The card brings its own background: it is legible on any page, whatever theme that has. */
    .card { fill: #ffffff; stroke: #d0d7de; }
    .frame { fill: #f6f8fa; stroke: #d0d7de; }
    .box { fill: #ffffff; stroke: #57606a; stroke-width: 1.5; }
    .arrow { fill: none; stroke: #0550ae; stroke-width: 2; }
    .head { fill: #0550ae; }
    .dashed { stroke-dasharray: 6 5; }
    text { fill: #59636e; font-size: 13px; text-anchor: middle; }
    .name { fill: #1f2328; font-weight: 600; font-size: 14px; }
    .heading { font-weight: 600; text-anchor: start; }
    .label { fill: #1f2328; font-size: 12px; }
    .beside { text-anchor: start; }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #3d444d; }
      .frame { fill: #151b23; stroke: #3d444d; }
      .box { fill: #0d1117; stroke: #9198a1; }
      .arrow { stroke: #58a6ff; }
      .head { fill: #58a6ff; }
      text { fill: #9198a1; }
      .name, .label { fill: #f0f6fc; }
    }
"""
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def middle(self, side: str) -> Point:
        """The middle of a side."""
        x, y = self.x + self.width // 2, self.y + self.height // 2
        return {
            "left": (self.x, y),
            "right": (self.x + self.width, y),
            "top": (x, self.y),
            "bottom": (x, self.y + self.height),
        }[side]

    def wider(self, by: int) -> "Area":
        """The same with a border of that many pixels."""
        return Area(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


def svg(drawing: Drawing) -> str:
    """The drawing as a file. Raises DrawingError when an arrow cannot be drawn."""
    areas, width, height = _areas(drawing)
    size = f'width="{width - 1}" height="{height - 1}"'
    parts = [f'<rect class="card" x="0.5" y="0.5" {size} rx="10"/>']
    for frame in drawing.frames:
        parts += _frame(frame.heading, _around([areas[name] for name in frame.names]))
    for box in drawing.boxes.values():
        parts += _box(box, areas[box.name])
    for arrow in drawing.arrows:
        parts += _arrow(arrow, drawing, areas)
    body = "\n".join(f"  {part}" for part in parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"\n'
        '     aria-labelledby="title description"'
        " font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\">\n"
        f'  <title id="title">{escape(drawing.title)}</title>\n'
        f'  <desc id="description">{escape(drawing.description)}</desc>\n'
        f"  <style>\n{STYLE}  </style>\n{body}\n</svg>\n"
    )


def _areas(drawing: Drawing) -> tuple[dict[str, Area], int, int]:
    """Where each box is, and the size of the whole: a column is as wide as its widest box."""
    boxes = drawing.boxes.values()
    widths = [0] * (1 + max(box.column for box in boxes))
    heights = [0] * (1 + max(box.row for box in boxes))
    for box in boxes:
        widths[box.column] = max(widths[box.column], _width(box))
        heights[box.row] = max(heights[box.row], len(box.lines) * LINE + 2 * PADDING)
    xs, width = _lined_up(widths, GAP_X)
    ys, height = _lined_up(heights, GAP_Y)
    areas = {
        box.name: Area(xs[box.column], ys[box.row], widths[box.column], heights[box.row])
        for box in boxes
    }
    return areas, width, height


def _width(box: Box) -> int:
    name, *lines = map(len, box.lines)
    return round(max(name * NAME_LETTER, *(line * LETTER for line in (0, *lines)))) + 2 * PADDING


def _lined_up(sizes: list[int], gap: int) -> tuple[list[int], int]:
    starts, at = [], MARGIN
    for size in sizes:
        starts.append(at)
        at += size + gap
    return starts, at - gap + MARGIN


def _around(areas: list[Area]) -> Area:
    x, y = min(area.x for area in areas), min(area.y for area in areas)
    right = max(area.x + area.width for area in areas)
    bottom = max(area.y + area.height for area in areas)
    return Area(x, y, right - x, bottom - y).wider(20)


def _frame(heading: str, area: Area) -> list[str]:
    return [
        _rectangle("frame", area, 8),
        _text("heading", area.x + 10, area.y + 14, heading),
    ]


def _box(box: Box, area: Area) -> list[str]:
    x, first = area.middle("top")
    first += (area.height - len(box.lines) * LINE) // 2 + 14
    lines = [
        _text("name" if number == 0 else "", x, first + number * LINE, line)
        for number, line in enumerate(box.lines)
    ]
    return [_rectangle("box", area, 6), *lines]


def _arrow(arrow: Arrow, drawing: Drawing, areas: dict[str, Area]) -> list[str]:
    out, into = _sides(arrow, drawing.boxes[arrow.tail], drawing.boxes[arrow.head])
    points = _way(areas[arrow.tail].middle(out), areas[arrow.head].middle(into), out, into)
    tip, *others = _head(points[-2], points[-1])
    base = ((others[0][0] + others[1][0]) // 2, (others[0][1] + others[1][1]) // 2)
    kind = "arrow dashed" if arrow.dashed else "arrow"
    return [
        f'<polyline class="{kind}" points="{_points(*points[:-1], base)}"/>',
        f'<polygon class="head" points="{_points(tip, *others)}"/>',
        *_label(arrow.label, points),
    ]


def _head(before: Point, tip: Point) -> tuple[Point, Point, Point]:
    """The corners of an arrow's head; the first is its tip."""
    (x, y), half = tip, HEAD // 2
    along_x, along_y = (x > before[0]) - (x < before[0]), (y > before[1]) - (y < before[1])
    base_x, base_y = x - along_x * HEAD, y - along_y * HEAD
    return (
        tip,
        (base_x + along_y * half, base_y + along_x * half),
        (base_x - along_y * half, base_y - along_x * half),
    )


def _points(*points: Point) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _label(label: str, points: list[Point]) -> list[str]:
    """At the first part of the way that has room: above it, or beside it if it is upright."""
    if not label:
        return []
    (x, y), (to_x, to_y) = next(part for part in pairwise(points) if math.dist(*part) > DETOUR)
    if y == to_y:
        return [_text("label", (x + to_x) // 2, y - 6, label)]
    return [_text("label beside", x + 8, (2 * y + to_y) // 3 + 4, label)]


def _sides(arrow: Arrow, tail: Box, head: Box) -> tuple[str, str]:
    """Where it leaves and enters; boxes in one row or column need not say."""
    if arrow.out and arrow.into:
        return arrow.out, arrow.into
    if tail.row == head.row:
        return ("right", "left") if tail.column < head.column else ("left", "right")
    if tail.column == head.column:
        return ("bottom", "top") if tail.row < head.row else ("top", "bottom")
    raise DrawingError(f"{tail.name} and {head.name} need sides: `a right -> top b`.")


def _way(start: Point, end: Point, out: str, into: str) -> list[Point]:
    """The corners of a way that is only level and upright."""
    is_level = {"left": True, "right": True, "top": False, "bottom": False}
    (x, y), (to_x, to_y) = start, end
    if is_level[out] != is_level[into]:
        return [start, (to_x, y) if is_level[out] else (x, to_y), end]
    if (y == to_y) if is_level[out] else (x == to_x):
        return [start, end]
    if out == into:
        outside = min(x, to_x) - DETOUR if out == "left" else max(x, to_x) + DETOUR
        return [start, (outside, y), (outside, to_y), end]
    if is_level[out]:
        return [start, ((x + to_x) // 2, y), ((x + to_x) // 2, to_y), end]
    return [start, (x, (y + to_y) // 2), (to_x, (y + to_y) // 2), end]


def _rectangle(kind: str, area: Area, radius: int) -> str:
    size = f'width="{area.width}" height="{area.height}"'
    return f'<rect class="{kind}" x="{area.x}" y="{area.y}" {size} rx="{radius}"/>'


def _text(kind: str, x: int, y: int, text: str) -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f'<text{attribute} x="{x}" y="{y}">{escape(text, quote=False)}</text>'


def main() -> None:
    """Make every drawing anew, beside its text."""
    for path in texts():
        try:
            path.with_suffix(".svg").write_text(svg(parse(path.read_text("utf-8"))), "utf-8")
        except DrawingError as error:
            sys.exit(f"{path}: {error}")


if __name__ == "__main__":
    main()
