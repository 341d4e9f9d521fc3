"""What a run ends with: what is complete, what is not, and where each partition stands."""

from migrator.observe.progress import Observation
from migrator.observe.terminal import duration, moment


def is_complete(seen: Observation) -> bool:
    """Whether there is a migration, with every table wholly copied, no dead letter, no suspect."""
    is_copied = bool(seen.landed) and all(copy.done for copy in seen.tables)
    return is_copied and not seen.dead_letters and not seen.suspects


def summary_lines(seen: Observation, took_s: float, state: str) -> list[str]:
    """The summary of a run that took `took_s` seconds; `state` names the state database."""
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
        *detail_lines(seen, state),
    ]


def detail_lines(seen: Observation, state: str) -> list[str]:
    """Tables that are not complete, rows that were not migrated, and the positions."""
    unfinished = [table for table in seen.tables if not (table.done or table.left_out)]
    left_out = [table for table in seen.tables if table.left_out]
    positions = [
        (one.partition, one.position.gtids or f"{one.position.file}:{one.position.offset}")
        for one in seen.landed
    ]
    return [
        *(f"{one.table} is not wholly copied: {one.rows:,} rows." for one in unfinished),
        *(f"{one.table} is left out, and not followed: {one.left_out}" for one in left_out),
        *(
            f"{number:,} rows of {table} were not migrated: see {state}.dead_letters."
            for table, number in seen.dead_letters.items()
        ),
        *(
            ["Foreign keys may have changed rows that are still to be read again: run on."]
            if seen.suspects
            else []
        ),
        *(f"Partition {partition} stands at {position}." for partition, position in positions),
    ]
