"""The report of a run: Markdown for people, JSON for programs."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.migrator.aims import verdicts
from benchmarks.migrator.findings import Findings
from benchmarks.migrator.notes import NOTES
from benchmarks.migrator.sizes import Sizes
from benchmarks.migrator.tables import Section, sections
from benchmarks.report import RESULTS, markdown_table

PARTS = ("aiomysql", "aiormq", "motor", "pymongo", "uvloop", "zstandard")


@dataclass(frozen=True, slots=True)
class Report:
    """A run of the migrator's benchmark; `sizes` say how much was measured."""

    day: date
    minutes: float
    sizes: Sizes
    hardware: Mapping[str, str]
    versions: Mapping[str, str]
    findings: Findings

    def save(self) -> Path:
        """Write the JSON and the Markdown file; return the latter's path."""
        RESULTS.mkdir(exist_ok=True)
        stem = RESULTS / f"{self.day.isoformat()}-migrator"
        everything = asdict(self) | {
            "day": self.day.isoformat(),
            "aims": [asdict(verdict) for verdict in verdicts(self.findings)],
            "notes": NOTES,
        }
        stem.with_suffix(".json").write_text(json.dumps(everything, indent=2) + "\n")
        stem.with_suffix(".md").write_text(self.markdown())
        return stem.with_suffix(".md")

    def markdown(self) -> str:
        """All of it as text."""
        machine = "; ".join(f"{name}: {value}" for name, value in self.hardware.items())
        begin = (
            f"# The migrator, {self.day.isoformat()}\n\n{machine}. It took {self.minutes:g} min."
        )
        tables = [_markdown(section) for section in sections(self.findings)]
        notes = "\n".join(f"- {note}" for note in NOTES)
        versions = "\n".join(f"- {name}: {value}" for name, value in self.versions.items())
        end = [f"## How to read this\n\n{notes}", f"## Versions\n\n{versions}"]
        return "\n\n".join([begin, *tables, *end]) + "\n"


def own_versions() -> dict[str, str]:
    """What the migrator consists of."""
    parts = ", ".join(f"{name} {version(name)}" for name in PARTS)
    return {"migrator": f"Python {platform.python_version()}, {parts}"}


def _markdown(section: Section) -> str:
    return f"## {section.title}\n\n{markdown_table(section.headings, section.rows)}"
