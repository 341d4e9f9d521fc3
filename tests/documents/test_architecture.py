"""Every function that docs/architecture.md names exists, and each journey is short."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
HOP = re.compile(r"`([\w/]+\.py):([\w.]+)`")
JOURNEYS = dict(re.findall(r"^## (.+)\n([\s\S]+?)(?=^## |\Z)", TEXT, re.MULTILINE))
HOPS_MAX = {
    "createProduct, from HTTP to SQL and back": 30,
    "One UPDATE, from the binlog to the acknowledgement": 35,
    "A chunk of the copy, resumed after a kill": 30,
    "A row proved by other code": 12,
}


def names_in(path: Path) -> set[str]:
    """The functions and classes of a module, and `Class.method` for each method."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = [
                n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


@pytest.mark.parametrize(("path", "name"), sorted(set(HOP.findall(TEXT))))
def test_every_function_that_a_journey_names_exists(path: str, name: str) -> None:
    assert name in names_in(ROOT / path)


def test_each_journey_is_written_down() -> None:
    assert set(JOURNEYS) == set(HOPS_MAX)


@pytest.mark.parametrize("title", HOPS_MAX)
def test_a_journey_is_short(title: str) -> None:
    hops = HOP.findall(JOURNEYS[title])

    assert 1 <= len(hops) <= HOPS_MAX[title]
