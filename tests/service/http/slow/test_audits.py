"""GraphQL over HTTP, by the audits of its reference implementation, which run in Node."""

from service.app import build_app
from tests.service.conftest import ClientFactory, settings_for
from tests.service.http import conformance


async def test_the_reference_audits_all_pass(
    sqlite_url: str, aiohttp_client: ClientFactory
) -> None:
    client = await aiohttp_client(build_app(settings_for(sqlite_url)))

    audits = await conformance.run("audits.mjs", str(client.make_url("/graphql")))

    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) >= 60
