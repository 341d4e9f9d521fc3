"""The options and arguments of the commands: what each is called, and what `--help` says of it."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Instead of migrator.toml.")
]
Databases = Annotated[
    list[str] | None,
    typer.Option("--database", metavar="NAME", help="A source database; may be repeated."),
]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", help="Show the traceback of an error; run does not pass it on to the halves."
    ),
]
Partitions = Annotated[
    list[int] | None,
    typer.Option(
        "--partition", metavar="NUMBER", min=0, help="Load only this one; may be repeated."
    ),
]
Position = Annotated[
    str, typer.Argument(metavar="POSITION", help="FILE:OFFSET, as the error names it.")
]
Because = Annotated[
    str, typer.Option("--because", metavar="TEXT", help="The reason, which is recorded.")
]
Copy = Annotated[
    list[str] | None,
    typer.Option(
        "--copy", metavar="PATTERN", help="Copy only these tables again; may be repeated."
    ),
]
NoCopy = Annotated[
    bool,
    typer.Option("--no-copy", help="Copy no table again; migrated rows that it changed are lost."),
]
Named = Annotated[
    list[str], typer.Argument(metavar="DATABASE.TABLE", help="Tables of the migration.")
]
Why = Annotated[str, typer.Option("--because", metavar="TEXT", help="A reason, for capture's log.")]
UntilCaughtUp = Annotated[
    bool,
    typer.Option(
        "--until-caught-up", help="End when all is copied and all changes up to then are applied."
    ),
]
Independent = Annotated[
    bool,
    typer.Option(
        "--independent", help="By ordinary clients, sharing no code with what copies and follows."
    ),
]
Tables = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="DATABASE.TABLE", help="Only this one; may be repeated."),
]
Repair = Annotated[
    bool, typer.Option("--repair", help="Put right what differs, and compare it again.")
]
RowsPerSecond = Annotated[
    int | None,
    typer.Option("--rows-per-second", metavar="N", min=1, help="Read no faster from the source."),
]
HideValues = Annotated[
    bool, typer.Option("--hide-values", help="Show the names of differing fields only.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the findings there, too.")
]
