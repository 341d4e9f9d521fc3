import asyncio
import io
from typing import Any

import pytest
from aiohttp import ClientResponse

from service.app import build_app
from service.errors import DatabaseUnavailable
from tests.service.conftest import ClientFactory, Shop, settings_for

PRICE = {"amount": "12.50", "currency": "EUR"}
BODY: dict[str, Any] = {"sku": "TEA-1", "name": "Lahijan tea", "price": PRICE}


async def test_a_product_is_created_and_found_at_its_location(shop: Shop) -> None:
    created = await shop.http.post(
        "/products", json=BODY | {"stock": 20, "status": "DRAFT"}, headers=shop.headers
    )
    found = await shop.http.get(created.headers["Location"], headers=shop.headers)

    product = await created.json()
    assert created.status == 201
    assert created.headers["Location"] == f"/products/{product['id']}"
    assert (found.status, await found.json()) == (200, product)
    assert {k: v for k, v in product.items() if k not in {"id", "createdAt", "updatedAt"}} == {
        "sku": "TEA-1", "name": "Lahijan tea", "slug": "lahijan-tea", "description": "",
        "price": PRICE, "stock": 20, "status": "DRAFT", "ratingAverage": None, "ratingCount": 0,
    }  # fmt: skip
    data = await shop.ask("query ($id: ID) { product(id: $id) { sku } }", id=product["id"])
    assert data["product"] == {"sku": "TEA-1"}


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (BODY | {"sku": ""}, 422, ["/sku"]),
        (BODY | {"price": PRICE | {"amount": "1.234"}}, 422, ["/price/amount"]),
        (BODY | {"price": PRICE | {"amount": 12.5}}, 422, ["/price/amount"]),
        (BODY | {"stock": "20"}, 422, ["/stock"]),
        (BODY | {"stock": -1, "name": ""}, 422, ["/name", "/stock"]),
        (BODY | {"status": "SOLD"}, 422, ["/status"]),
        (BODY | {"color": "red"}, 422, ["/color"]),
        ({"sku": "X"}, 422, ["/name", "/price"]),
    ],
)
async def test_a_refusal_is_a_problem_document_that_names_the_fields(
    shop: Shop, body: dict[str, Any], status: int, pointers: list[str]
) -> None:
    response = await shop.http.post("/products", json=body, headers=shop.headers)

    problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["status"]) == (status, status)
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert (await shop.ask("{ products { totalCount } }"))["products"]["totalCount"] == 0


async def test_a_taken_sku_is_409(shop: Shop) -> None:
    await shop.product("TEA-1")

    response = await shop.http.post("/products", json=BODY, headers=shop.headers)

    problem = await response.json(content_type="application/problem+json")
    assert response.status == 409
    assert problem["errors"] == [
        {"pointer": "/sku", "code": "TAKEN", "detail": "Another product has the sku 'TEA-1'."}
    ]


async def test_malformed_large_and_foreign_bodies_are_refused(shop: Shop) -> None:
    json = {"Content-Type": "application/json", **shop.headers}

    malformed = await shop.http.post("/products", data="{", headers=json)
    a_list = await shop.http.post("/products", data="[]", headers=json)
    large = await shop.http.post("/products", data=io.BytesIO(b" " * 1_100_000), headers=json)
    form = await shop.http.post("/products", data={"sku": "X"}, headers=shop.headers)

    assert [r.status for r in (malformed, a_list, large, form)] == [400, 400, 413, 415]
    for response in (malformed, a_list, large, form):
        assert response.content_type == "application/problem+json"


async def test_an_unknown_location_is_404(shop: Shop) -> None:
    for name in ("UHJvZHVjdDo5OTk5OTk5", "nonsense"):
        response = await shop.http.get(f"/products/{name}", headers=shop.headers)
        assert (response.status, response.content_type) == (404, "application/problem+json")


async def assert_problem(response: ClientResponse, status: int) -> Any:
    """The response is a problem document of this status."""
    problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["status"], problem["type"]) == (status, status, "about:blank")
    assert problem["title"]
    assert problem["detail"]
    return problem


async def test_what_is_said_around_the_handlers_is_a_problem_document_too(shop: Shop) -> None:
    no_method = await shop.http.delete("/products", headers=shop.headers)
    no_path = await shop.http.get("/products/a/b", headers=shop.headers)
    outside = await shop.http.get("/nothing", headers=shop.headers)

    await assert_problem(no_method, 405)
    await assert_problem(no_path, 404)
    assert no_method.headers["Allow"] == "POST"
    assert (outside.status, outside.content_type) == (404, "application/json")


async def test_whoever_is_not_known_is_told_how_to_say_it(
    database_url: str, aiohttp_client: ClientFactory
) -> None:
    app = build_app(settings_for(database_url, service_host="0.0.0.0"))
    client = await aiohttp_client(app)

    nobody = await client.post("/products", json=BODY)
    foreign = await client.post("/products", json=BODY, headers={"Authorization": "Bearer x"})

    problem = await assert_problem(nobody, 401)
    assert problem["errors"][0]["code"] == "UNAUTHENTICATED"
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="kooch"'
    await assert_problem(foreign, 401)
    assert foreign.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_the_open_service_refuses_foreign_names_by_a_problem_document(
    sqlite_url: str, aiohttp_client: ClientFactory
) -> None:
    client = await aiohttp_client(build_app(settings_for(sqlite_url, service_secret=None)))

    response = await client.get("/products/x", headers={"Host": "evil.example"})

    await assert_problem(response, 421)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("secret of the shop"), 500),
        (DatabaseUnavailable("away"), 503),
        (TimeoutError(), 503),
    ],
)
async def test_what_breaks_is_a_problem_document_without_its_cause(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def broken(*_: object) -> None:
        await asyncio.sleep(0)
        raise error

    monkeypatch.setattr("service.http.products.create_product", broken)

    response = await shop.http.post("/products", json=BODY, headers=shop.headers)

    problem = await assert_problem(response, status)
    assert "secret" not in str(problem)
    # The time-out was not the request's own, so the limit of that is not named.
    assert " s and was given up" not in problem["detail"]
    if status == 500:
        assert response.headers["X-Request-Id"] in problem["detail"]
