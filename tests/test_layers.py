"""Imports point downwards: the higher may know the lower, never the reverse."""

import ast
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
    ("migrator.cli",),
    ("migrator.supervise",),
    ("migrator.capture",),
    ("migrator.capture.lookup", "migrator.capture.verify"),
    ("migrator.capture.stream",),
    ("migrator.load",),
    ("migrator.load.cascades", "migrator.load.judging"),
    ("migrator.load.changes",),
    ("migrator.snapshot",),
    ("migrator.check",),
    ("migrator.observe",),
    ("migrator.independent",),
    ("migrator.independent.source",),
    ("migrator.independent.values",),
    ("migrator.state",),
    ("migrator.mongodb", "migrator.broker"),
    ("migrator.settings",),
    ("migrator.mysql.sql",),
    ("migrator.mysql.binlog",),
    ("migrator.mysql.rows",),
    ("migrator.mysql.source",),
    ("migrator.mysql.position",),
    ("migrator.mysql.catalog",),
    ("migrator.mysql.types",),
    ("migrator.mysql.columns",),
    ("migrator.mysql.json",),
    ("migrator.mysql.text",),
    ("migrator.mysql.wire",),
    ("migrator.model",),
    ("migrator.runtime", "migrator.exit_codes", "migrator.log"),
    ("migrator.errors",),
)
# The schema does not know the scheduler, although both stand above the operations.
# The halves meet in the queue; neither knows the other.
# What proves the pipeline shares no code with it.
PIPELINE = (
    "mysql",
    "snapshot",
    "capture",
    "load",
    "broker",
    "check",
    "state",
    "supervise",
    "observe",
)
FORBIDDEN = {
    ("service.schema", "service.cron"),
    ("service.http", "service.cron"),
    ("service.engine", "service.cron"),
    ("service.engine", "service.operations"),
    ("service.engine", "service.accounts"),
    ("service.engine", "service.models"),
    ("migrator.capture", "migrator.load"),
    ("migrator.load", "migrator.capture"),
    ("migrator.broker", "migrator.mongodb"),
    ("migrator.mongodb", "migrator.broker"),
    *(("migrator.independent", f"migrator.{room}") for room in PIPELINE),
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


def test_the_independent_comparison_needs_nothing_of_the_pipeline() -> None:
    needed: set[str] = set()
    found = {
        name for path in (ROOT / "migrator/independent").rglob("*.py") for name in imports_of(path)
    }
    while found - needed:
        name = (found - needed).pop()
        needed.add(name)
        path = ROOT / name.replace(".", "/")
        module = path.with_suffix(".py")
        found |= imports_of(module if module.is_file() else path / "__init__.py")

    assert "migrator.mongodb.target" in needed
    assert [name for name in sorted(needed) if name.split(".")[1] in PIPELINE] == []
