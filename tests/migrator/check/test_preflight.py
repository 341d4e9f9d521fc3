"""The checks of a start together: all servers, and what is refused."""

import pytest
from pydantic import SecretStr

from migrator.check.findings import Finding, Level, refuse_failures
from migrator.check.preflight import preflight, source_findings
from migrator.errors import ConfigurationError, SourceError
from migrator.mysql.wire.connection import connect
from migrator.settings import Settings
from migrator.state.store import State
from servers.mongodb import MongoDB
from servers.process import exclusive
from servers.rabbitmq import RabbitMQ
from tests.migrator.check.scene import Source, troubles


async def test_everything_that_fails_is_refused_in_one_message() -> None:
    findings = [
        Finding(Level.FAIL, "a", "is wrong.", "SET a = 1;"),
        Finding(Level.WARN, "b", "is slow."),
        Finding(Level.FAIL, "c", "is missing."),
    ]

    with pytest.raises(ConfigurationError) as caught:
        refuse_failures(findings)

    assert str(caught.value) == (
        "The migration cannot start:\n- a: is wrong. To fix it: SET a = 1;\n- c: is missing."
    )
    refuse_failures(findings[1:2])


async def test_the_broker_and_the_target_are_looked_at_too(source: Source) -> None:
    await source.make("CREATE TABLE t (id INT PRIMARY KEY)")
    with exclusive():
        broker_url, target_url = RabbitMQ().start(), MongoDB().start()
    settings = Settings(
        databases=(source.database,),
        broker_url=SecretStr(broker_url),
        target_url=SecretStr(target_url),
    )

    async with State.connect(settings, "test") as state:
        fine = await preflight(source.connection, state, settings)
        nobody = settings.model_copy(
            update={"broker_url": SecretStr("amqp://guest:guest@127.0.0.1:1/")}
        )
        lost = await preflight(source.connection, state, nobody)

    assert troubles(fine) == []
    assert [f.subject for f in fine[-2:]] == ["RabbitMQ", "MongoDB"]
    assert troubles(lost) == [(Level.FAIL, "RabbitMQ")]


async def test_a_source_that_goes_away_is_an_error_and_no_finding(source: Source) -> None:
    await source.make("CREATE TABLE t (id INT PRIMARY KEY)")
    url = source.connection.url
    other = await connect(url)
    await other.close()

    with pytest.raises(SourceError):
        await source_findings(other, Settings(databases=(source.database,)))
