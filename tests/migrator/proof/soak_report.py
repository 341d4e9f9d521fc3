"""What is kept of a soak: a JSON document, and a page that a person reads."""

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from servers.amqp import server_properties
from servers.process import CHECKOUT
from tests.migrator.proof.servers import Servers
from tests.migrator.proof.source import Source

RESULTS = CHECKOUT / "benchmarks" / "results"
TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Result:
    """One soak; `mismatch` is None, or what differed first, and the soak ended there."""

    date: str
    source: str
    seed: int
    versions: dict[str, str]
    seconds: int
    kills: dict[str, int]
    exits: dict[str, int]
    comparisons: int
    rows_compared: int
    transactions: int
    epochs: int
    reader_looks: int
    reader_violations: int
    workload: dict[str, int]
    mismatch: str | None

    def summary(self) -> str:
        """One line."""
        verdict = f"MISMATCH: {self.mismatch}" if self.mismatch else "no mismatch"
        return (
            f"{sum(self.kills.values())} kills in {self.seconds} s, {self.comparisons} full "
            f"comparisons of {self.rows_compared} rows, {self.transactions} transactions "
            f"applied: {verdict}."
        )


def versions(servers: Servers) -> dict[str, str]:
    """Of everything that took part."""
    broker = server_properties(servers.broker.process.port, TIMEOUT_S)
    with MongoClient[dict[str, Any]](servers.target.url) as client:
        mongodb = str(client.server_info()["version"])
    return {
        "source": str(Source(servers.source.url, "").value("SELECT version()")),
        "RabbitMQ": str(broker["version"]),
        "MongoDB": mongodb,
        "Python": platform.python_version(),
    }


def write(result: Result, folder: Path) -> Path:
    """Write both files; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{result.date}-soak" + ("" if result.source == "mysql" else f"-{result.source}")
    (folder / f"{name}.json").write_text(json.dumps(asdict(result), indent=2) + "\n")
    page = folder / f"{name}.md"
    page.write_text(_page(result))
    return page


def _page(result: Result) -> str:
    facts = {
        "versions": ", ".join(f"{name} {version}" for name, version in result.versions.items()),
        "seed": result.seed,
        "duration": f"{result.seconds} s",
        "kills": _counts(result.kills),
        "ended by themselves": _counts(result.exits),
        "full comparisons": f"{result.comparisons}, of {result.rows_compared} rows together",
        "transactions applied": f"{result.transactions}, each recorded once in `_migrator.audit`",
        "epochs": f"{result.epochs} (capture began anew so often)",
        "a reader of MongoDB": (
            f"looked {result.reader_looks} times and saw {result.reader_violations} "
            "half transactions"
        ),
        "the workload": _counts(result.workload),
        "mismatches": result.mismatch or "none",
    }
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return (
        f"# Soak of {result.date}\n\n{result.summary()}\n\n"
        f"Made by `make soak`; docs/proof.md says how.\n\n| what | result |\n| --- | --- |\n"
        f"{rows}\n"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
