"""What a run ends with: what is complete, what is not, and where each partition stands."""

from collections.abc import Mapping

from migrator.run.display import duration, moment
from migrator.run.progress import Observation


def is_complete(seen: Observation) -> bool:
    """Whether every table that has begun is wholly copied, without a single dead letter."""
    return bool(seen.tables) and all(state.done for state in seen.tables) and not seen.dead_letters


def summary_lines(seen: Observation, letters: Mapping[str, int], took_s: float) -> list[str]:
    """The summary of a run that took so long; `letters` are dead letters of each table."""
    done = sum(state.done for state in seen.tables)
    rows = sum(state.rows for state in seen.tables)
    return [
        f"{done} of {len(seen.tables)} tables are copied, {rows:,} rows; "
        f"{seen.transactions:,} transactions followed; {duration(took_s)}.",
        f"The newest that arrived was committed at {moment(seen.committed_at)}.",
        *place_lines(seen, letters),
    ]


def place_lines(seen: Observation, letters: Mapping[str, int]) -> list[str]:
    """Tables that are not complete, rows that were left behind, and the positions."""
    unfinished = [state for state in seen.tables if not state.done]
    places = [
        (one.partition, one.position.gtids or f"{one.position.file}:{one.position.offset}")
        for one in seen.landed
    ]
    return [
        *(f"{one.table} is not wholly copied: {one.rows:,} rows." for one in unfinished),
        *(
            f"{number:,} rows of {table} were not carried over: see _migrator.dead_letters."
            for table, number in letters.items()
        ),
        *(f"Partition {partition} stands at {place}." for partition, place in places),
    ]
