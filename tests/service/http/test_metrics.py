import pytest
from aiohttp import ClientResponse

from service.app import build_app
from service.http.app_keys import TOKENS
from service.models import UserRole
from service.operations.users import NewUser, register_user
from tests.service.conftest import ClientFactory, settings_for

TOKEN = "a token of prometheus"


async def answers(
    database_url: str, aiohttp_client: ClientFactory, *tokens: str | None, **settings: object
) -> list[ClientResponse]:
    """What `/metrics` says to each token, where the service is not open."""
    app = build_app(settings_for(database_url, service_host="0.0.0.0", **settings))
    client = await aiohttp_client(app)
    issued = {
        role.value: app[TOKENS].issue(
            await register_user(NewUser(email=f"{role}@example.com", password="long enough",
                                        full_name="U"), role)
        )[0]
        for role in (UserRole.CUSTOMER, UserRole.STAFF)
    }  # fmt: skip
    return [
        await client.get(
            "/metrics",
            headers={"Authorization": f"Bearer {issued.get(token, token)}"} if token else {},
        )
        for token in tokens
    ]


async def test_where_the_service_is_not_open_metrics_are_for_their_token_and_for_staff(
    database_url: str, aiohttp_client: ClientFactory
) -> None:
    seen = await answers(
        database_url, aiohttp_client, TOKEN, "staff", "customer", None, "wrong", "ü",
        service_metrics_token=TOKEN,
    )  # fmt: skip

    assert [response.status for response in seen] == [200, 200, 403, 401, 401, 401]
    for response, shown in zip(seen, [True, True, False, False, False, False], strict=True):
        assert ("kooch_request_duration_seconds" in await response.text()) is shown
    assert seen[3].headers["WWW-Authenticate"] == 'Bearer realm="kooch"'


async def test_without_a_token_of_their_own_metrics_are_for_staff_only(
    database_url: str, aiohttp_client: ClientFactory
) -> None:
    seen = await answers(database_url, aiohttp_client, "staff", None, "None", "")

    assert [response.status for response in seen] == [200, 401, 401, 401]


async def test_the_token_of_metrics_opens_nothing_else(
    database_url: str, aiohttp_client: ClientFactory
) -> None:
    settings = settings_for(database_url, service_host="0.0.0.0", service_metrics_token=TOKEN)
    client = await aiohttp_client(build_app(settings))
    headers = {"Authorization": f"Bearer {TOKEN}"}

    for method, path in (("GET", "/products/x"), ("POST", "/metrics"), ("GET", "/metrics/")):
        response = await client.request(method, path, headers=headers)
        assert response.status == 401


@pytest.mark.parametrize("token", [None, TOKEN])
async def test_the_open_service_shows_its_metrics_as_before(
    sqlite_url: str, aiohttp_client: ClientFactory, token: str | None
) -> None:
    settings = settings_for(sqlite_url, service_metrics_token=token, service_secret=None)
    client = await aiohttp_client(build_app(settings))

    response = await client.get("/metrics")

    assert response.status == 200
    assert response.content_type == "text/plain"
