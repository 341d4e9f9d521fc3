"""What a run ends with: what is complete, what is not, and where each partition stands."""

from migrator.observe.progress import Observation
from migrator.observe.terminal import duration, moment


def is_complete(seen: Observation) -> bool:
    """Whether a migration is there, every table of it wholly copied, without a dead letter."""
    return bool(seen.landed) and all(state.done for state in seen.tables) and not seen.dead_letters


def summary_lines(seen: Observation, took_s: float, state: str) -> list[str]:
    """The summary of a run that took so long; `state` is the database that remembers."""
    done = sum(table.done for table in seen.tables)
    rows = sum(table.rows for table in seen.tables)
    word = "COMPLETE" if is_complete(seen) else "INCOMPLETE"
    return [
        f"{word}: {done} of {len(seen.tables)} tables are copied, {rows:,} rows; "
        f"{seen.transactions:,} transactions followed; {duration(took_s)}.",
        *(
            [f"The newest transaction in MongoDB was committed at {moment(seen.committed_at)}."]
            if seen.committed_at
            else []
        ),
        *place_lines(seen, state),
    ]


def place_lines(seen: Observation, state: str) -> list[str]:
    """Tables that are not complete, rows that were left behind, and the positions."""
    unfinished = [table for table in seen.tables if not (table.done or table.left_out)]
    excluded = [table for table in seen.tables if table.left_out]
    places = [
        (one.partition, one.position.gtids or f"{one.position.file}:{one.position.offset}")
        for one in seen.landed
    ]
    return [
        *(f"{one.table} is not wholly copied: {one.rows:,} rows." for one in unfinished),
        *(f"{one.table} is left out, and not followed: {one.left_out}" for one in excluded),
        *(
            f"{number:,} rows of {table} were not carried over: see {state}.dead_letters."
            for table, number in seen.dead_letters.items()
        ),
        *(f"Partition {partition} stands at {place}." for partition, place in places),
    ]
