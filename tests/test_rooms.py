"""A folder is a room: small enough to be seen at once, and no two rooms need each other."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("service", "migrator", "servers")
GENERATED = "migrations"
FILES_MAX = 12
LINES_MAX = 300


def rooms() -> list[Path]:
    found = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    return sorted(found)


def room_of(path: Path) -> str:
    """A file of a package's own folder is a room for itself."""
    place = path.relative_to(ROOT).with_suffix("")
    return ".".join(place.parts if len(place.parts) == 2 else place.parts[:-1])


def imported_rooms(path: Path, known: dict[str, str]) -> set[str]:
    """The rooms that a file imports from, also for the type checker only, or in a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {known[name] for name in names if name in known}


def arrows(package: str) -> dict[str, set[str]]:
    """Which room imports from which."""
    files = [path for path in (ROOT / package).rglob("*.py") if path.name != "__init__.py"]
    known = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): room_of(path) for path in files
    }
    found: dict[str, set[str]] = defaultdict(set)
    for path in files:
        found[room_of(path)] |= imported_rooms(path, known) - {room_of(path)}
    return found


@pytest.mark.parametrize("room", rooms(), ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_is_seen_at_once(room: Path) -> None:
    files = [path for path in room.glob("*.py") if path.name != "__init__.py"]

    assert len(files) <= FILES_MAX
    if room.name != GENERATED:
        assert [path for path in files if len(path.read_text().splitlines()) > LINES_MAX] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_rooms_need_each_other(package: str) -> None:
    needed = arrows(package)

    # A room without arrows to rooms that are left can be taken away; in a circle none can.
    left = set(needed)
    while free := {room for room in left if not needed[room] & left}:
        left -= free
    assert sorted(left) == []
