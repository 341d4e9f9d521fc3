"""`seed`: an invented shop to look at."""

import secrets
from typing import Annotated

import typer

from service.cli.terminal import agree, console, read_settings, run
from service.database.upgrade import of_newest_schema
from service.seed.filling import rows_there, seed_database
from service.seed.plan import SeedPlan


def seed(
    products: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="How many products.")
    ] = 1_000,
    orders: Annotated[int, typer.Option(min=0, max=100_000_000, help="How many orders.")] = 5_000,
    random_seed: Annotated[int, typer.Option(help="The same number gives the same data.")] = 1,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, even if the shop is in use.")
    ] = False,
) -> None:
    """Fill the database with believable, invented data in several scripts.

    All accounts that it makes get one random password, which it prints once. It asks
    before it adds to a shop that holds users, products or orders.
    """
    settings = read_settings()

    async def look() -> dict[str, int]:
        async with of_newest_schema(settings.database_url):
            return await rows_there()

    async def fill() -> None:
        async with of_newest_schema(settings.database_url, settings.database_pool_size):
            plan = SeedPlan(products, orders, random_seed)
            await seed_database(plan, console, secrets.token_urlsafe(12))

    there = run(look())
    if any(there.values()):
        rows = ", ".join(f"{name}: {count:,}" for name, count in there.items())
        fact = f"The shop is in use ({rows}). Invented rows cannot be told from real ones later."
        agree(fact, "seed it anyway", "--yes", given=yes)
    run(fill())
