"""Imports point downwards: the higher may know the lower, never the reverse."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYERS = (
    ("service.__main__",),
    ("service.cli",),
    ("service.app",),
    ("service.http", "service.http.server", "service.seed"),
    ("service.schema",),
    ("service.schema.mutations",),
    ("service.schema.types",),
    ("service.schema.relay",),
    ("service.engine",),
    ("service.engine.compiled",),
    ("service.cron",),
    ("service.operations",),
    ("service.accounts",),
    ("service.operations.rules", "service.operations.reading"),
    ("service.database", "service.log"),
    ("service.models.migrations",),
    ("service.models.migration_steps",),
    ("service.models",),
    ("service.money", "service.settings", "service.text"),
    ("service.settings_check",),
    ("service.errors", "service.clock"),
    ("migrator.__main__",),
    ("migrator.run",),
    ("migrator.capture", "migrator.load"),
    ("migrator.check",),
    ("migrator.exits", "migrator.together", "migrator.log"),
    ("migrator.target", "migrator.broker"),
    ("migrator.state", "migrator.reports", "migrator.positions"),
    (
        "migrator.mysql.log_position",
        "migrator.mysql.dump",
        "migrator.mysql.row_runs",
        "migrator.mysql.row_decoder",
    ),
    ("migrator.changes",),
    ("migrator.settings", "migrator.mapping"),
    ("migrator.mysql",),
    ("migrator.errors", "migrator.pause", "migrator.backoff"),
)
# The schema does not know the scheduler, although both stand above the operations.
# The halves meet in the queue; neither knows the other.
FORBIDDEN = {
    ("service.schema", "service.cron"),
    ("service.http", "service.cron"),
    ("service.engine", "service.cron"),
    ("service.engine", "service.operations"),
    ("service.engine", "service.accounts"),
    ("service.engine", "service.models"),
    ("migrator.capture", "migrator.load"),
    ("migrator.load", "migrator.capture"),
    ("migrator.broker", "migrator.target"),
    ("migrator.target", "migrator.broker"),
}


def layer_of(module: str) -> int:
    """The rank of the longest name in `LAYERS` that the module is, or lies in."""
    ranks = {name: rank for rank, names in enumerate(LAYERS) for name in names}
    while module not in ranks:
        assert "." in module, f"{module} has no layer; give it one in LAYERS."
        module = module.rpartition(".")[0]
    return ranks[module]


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in inner if _is_module(name)}
            found |= modules if len(modules) == len(inner) else {node.module, *modules}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith(("service.", "migrator."))}


def _is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def test_imports_point_downwards() -> None:
    wrong: list[str] = []
    for path in (*(ROOT / "service").rglob("*.py"), *(ROOT / "migrator").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if module in {"service", "migrator"}:
            continue
        for imported in imports_of(path):
            pairs = (
                (a, b) for a, b in FORBIDDEN if module.startswith(a) and imported.startswith(b)
            )
            if layer_of(imported) < layer_of(module) or any(pairs):
                wrong.append(f"{module} imports {imported}")

    assert wrong == []


def room_of(module: str) -> str:
    """The folder that a module lies in; a module beside `app.py` is a room of its own."""
    path = ROOT / module.replace(".", "/")
    return module if path.is_dir() or module.count(".") == 1 else module.rpartition(".")[0]


def test_no_circle_of_imports_joins_rooms_of_the_service() -> None:
    graph: dict[str, set[str]] = {}
    for path in (ROOT / "service").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if module != "service":
            room = room_of(module)
            # Imports for types only and imports inside functions count, too.
            known = graph.setdefault(room, set())
            known |= {room_of(imported) for imported in imports_of(path)} - {room}

    TopologicalSorter(graph).prepare()


def test_no_room_of_the_service_has_more_than_twelve_files() -> None:
    rooms = [path for path in (ROOT / "service").rglob("*") if (path / "__init__.py").is_file()]

    counts = {room.name: len([*room.glob("*.py")]) - 1 for room in (ROOT / "service", *rooms)}

    assert {name: count for name, count in counts.items() if count > 12} == {}
