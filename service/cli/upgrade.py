"""`upgrade`: the database's schema, brought up to date."""

from service.cli.terminal import console, read_settings, run
from service.database.upgrade import upgrade


def upgrade_database() -> None:
    """Bring the database to the newest schema; create it first if it is missing."""
    applied = run(upgrade(read_settings().database_url))
    console.print(f"Applied {', '.join(applied)}." if applied else "The schema is the newest.")
