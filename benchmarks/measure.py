"""One row of the table: a party, a database, a request."""

import http.client
import itertools
import json
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks import wrk
from benchmarks.data import order_number
from benchmarks.database import Database
from benchmarks.parties import Party
from benchmarks.server import Server, free_port
from benchmarks.workload import Request, WrongAnswer

RUNS = 3
PROBE_TIMEOUT_S = 20.0
_probes = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of `RUNS` runs, their errors together, and the highest memory seen."""

    database: str
    request: str
    party: str
    per_second: float
    per_second_runs: tuple[float, ...]
    p50_ms: float
    p99_ms: float
    rss_peak_mb: float
    errors: int


@contextmanager
def started(party: Party, database: Database) -> Iterator[Server]:
    """The party's server on a fresh database, for as long as the block runs."""
    database.reset()
    server = party.start(database.url, free_port())
    try:
        yield server
    finally:
        server.stop()


def measure(
    party: Party, server: Server, database: Database, request: Request, seconds: int
) -> Row:
    """Warm up, then run `RUNS` times, with a real request before and after.

    Raises `WrongAnswer` if one of these two is not what the data say, or if rows of
    answered writes are missing from the table.
    """
    _probe(party, server, request)
    rows_before = database.count_products()
    peak_bytes = 0

    def sample() -> None:
        nonlocal peak_bytes
        peak_bytes = max(peak_bytes, server.rss_bytes())

    def load(length_s: int) -> wrk.Run:
        return wrk.run(server, request, length_s, graphql=party.speaks_graphql, sample=sample)

    warm_up = load(max(1, seconds // 3))
    runs = [load(seconds) for _ in range(RUNS)]
    if request.writes:
        _check_rows(database.count_products() - rows_before, [warm_up, *runs])
    _probe(party, server, request)
    return Row(
        database=database.name,
        request=request.name,
        party=party.name,
        per_second=round(statistics.median(r.per_second for r in runs), 1),
        per_second_runs=tuple(round(r.per_second, 1) for r in runs),
        p50_ms=round(statistics.median(r.p50_us for r in runs) / 1_000, 2),
        p99_ms=round(statistics.median(r.p99_us for r in runs) / 1_000, 2),
        rss_peak_mb=round(peak_bytes / 2**20, 1),
        errors=sum(r.errors for r in runs),
    )


def _check_rows(written: int, runs: Sequence[wrk.Run]) -> None:
    """Every answered write must be in the table; those that wrk cut off at its end may be."""
    answered = sum(run.requests - run.bad for run in runs)
    unanswered = sum(wrk.CONNECTIONS + run.errors for run in runs)
    if not answered <= written <= answered + unanswered:
        raise WrongAnswer(f"{answered} writes were answered, and {written} rows are there.")


def _probe(party: Party, server: Server, request: Request) -> None:
    body = request.body(graphql=party.speaks_graphql)
    body = body.replace("@unique@", f"probe-{next(_probes)}").replace("@order@", order_number(1))
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PROBE_TIMEOUT_S)
    try:
        path = request.path(graphql=party.speaks_graphql)
        headers = {"Content-Type": "application/json", **server.headers}
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    answer = json.loads(text) if response.status == 200 else {}
    if "data" not in answer or "errors" in answer:
        raise WrongAnswer(f"{party.name} answers {request.name} with {response.status}: {text}")
    try:
        request.check(answer["data"])
    except WrongAnswer as error:
        raise WrongAnswer(f"{party.name}, {request.name}: {error}") from None
