"""The specification's table, row by row; `processes/` has the reference audits."""

import io
import json
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from service.app import build_app
from tests.service.conftest import ClientFactory, Shop, settings_for

NEW, OLD = "application/graphql-response+json", "application/json"
QUERY = "{ __typename }"

ROWS: list[tuple[str, dict[str, Any], int, int]] = [
    # What is sent, and the status under the new media type and under the old one.
    ("a query", {"query": QUERY}, 200, 200),
    ("a field error beside data", {"query": "{ __typename product { id } }"}, 200, 200),
    ("a syntax error", {"query": "{"}, 400, 200),
    ("a validation error", {"query": "{ nothing }"}, 400, 200),
    (
        "a variable of the wrong type",
        {"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": [1]}},
        400,
        200,
    ),
    (
        "a missing variable",
        {"query": "query ($id: ID!) { node(id: $id) { id } }"},
        400,
        200,
    ),
    ("an unknown operation", {"query": QUERY, "operationName": "Nope"}, 400, 200),
    ("two operations, no choice", {"query": "query A {__typename} query B {__typename}"}, 400, 200),
    ("an empty document", {"query": ""}, 400, 400),
    ("no document", {}, 400, 400),
    ("a document that is no text", {"query": {"a": 1}}, 400, 400),
    ("variables that are no object", {"query": QUERY, "variables": [1]}, 400, 400),
    ("an operation name that is no text", {"query": QUERY, "operationName": 7}, 400, 400),
    ("extensions that are no object", {"query": QUERY, "extensions": "x"}, 400, 400),
]  # fmt: skip


@pytest.fixture
async def open_shop(sqlite_url: str, aiohttp_client: ClientFactory) -> Shop:
    """HTTP does not depend on the database: the embedded one will do."""
    return Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})


@pytest.mark.parametrize(("what", "body", "new", "old"), ROWS, ids=[row[0] for row in ROWS])
async def test_the_status_follows_the_specification(
    open_shop: Shop, what: str, body: dict[str, Any], new: int, old: int
) -> None:
    for media_type, status in ((NEW, new), (OLD, old)):
        response = await open_shop.http.post("/graphql", json=body, headers={"Accept": media_type})

        answer = await response.json(content_type=media_type)
        assert (response.status, response.content_type) == (status, media_type), what
        assert ("data" in answer) == (what in {"a query", "a field error beside data"})
        assert ("errors" in answer) == (what != "a query")


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        (None, 200, OLD),
        ("*/*", 200, OLD),
        ("application/*", 200, OLD),
        (f"{NEW}, {OLD}", 200, NEW),
        (f"{OLD}, {NEW}", 200, NEW),
        (f"{NEW};q=0.5, {OLD}", 200, OLD),
        (f"{OLD};q=0, {NEW}", 200, NEW),
        (f"{NEW}; charset=utf-8", 200, NEW),
        (f"{NEW}; charset=latin1", 406, OLD),
        ("text/plain", 406, OLD),
        (f"{OLD};q=0", 406, OLD),
    ],
)
async def test_the_media_type_is_negotiated(
    open_shop: Shop, accept: str | None, status: int, media_type: str
) -> None:
    headers = {"Accept": accept} if accept is not None else {}
    skip = ["Accept"] if accept is None else []

    response = await open_shop.http.post(
        "/graphql", json={"query": QUERY}, headers=headers, skip_auto_headers=skip
    )

    assert (response.status, response.content_type) == (status, media_type)
    assert isinstance(await response.json(content_type=media_type), dict)


@pytest.mark.parametrize(
    "body", ["{", '"hi"', "1", "null", "[]", '[{"query": "{ __typename }"}]', ""]
)
async def test_a_body_that_is_no_json_object_is_400(open_shop: Shop, body: str) -> None:
    response = await open_shop.http.post(
        "/graphql", data=body, headers={"Content-Type": "application/json"}
    )

    assert response.status == 400
    assert (await response.json())["errors"][0]["message"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/json; charset=latin1", "application/graphql"],
)  # fmt: skip
async def test_only_json_is_read_so_that_foreign_pages_cannot_write(
    open_shop: Shop, content_type: str
) -> None:
    response = await open_shop.http.post(
        "/graphql", data='{"query": "{ __typename }"}', headers={"Content-Type": content_type}
    )

    assert response.status == 415
    assert response.headers["Accept-Post"] == "application/json"


async def test_get_serves_queries_and_405_for_mutations(open_shop: Shop) -> None:
    variables = json.dumps({"sku": "X"})
    query = "query Find($sku: String) { product(sku: $sku) { id } }"

    found = await open_shop.http.get(
        "/graphql", params={"query": query, "operationName": "Find", "variables": variables}
    )
    refused = await open_shop.http.get(
        "/graphql", params={"query": 'mutation { runJob(input: {name: "x"}) { __typename } }'}
    )
    broken = await open_shop.http.get("/graphql", params={"query": query, "variables": "{"})
    nothing = await open_shop.http.get("/graphql")

    assert (await found.json())["data"] == {"product": None}
    assert (refused.status, refused.headers["Allow"]) == (405, "POST")
    assert (broken.status, nothing.status) == (400, 400)


async def test_other_methods_and_paths_are_refused_in_json(open_shop: Shop) -> None:
    put = await open_shop.http.put("/graphql", json={"query": QUERY})
    lost = await open_shop.http.get("/nowhere")

    assert (put.status, put.content_type, put.headers["Allow"]) == (405, OLD, "GET,POST")
    assert (lost.status, lost.content_type) == (404, OLD)


async def test_a_body_over_the_limit_is_413(open_shop: Shop) -> None:
    response = await open_shop.http.post(
        "/graphql",
        data=io.BytesIO(b'{"query": "' + b"#" * 1_100_000 + b'"}'),
        headers={"Content-Type": "application/json"},
    )

    assert (response.status, response.content_type) == (413, OLD)


async def test_an_unexpected_error_is_masked_and_names_the_request(
    open_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr("service.operations.products.adjust_stock", broken)
    logged = LogCapture()
    log = structlog.wrap_logger(None, processors=[logged])
    monkeypatch.setattr("service.engine.execution.log", log)

    response = await open_shop.http.post(
        "/graphql",
        json={"query": 'mutation { adjustStock(input: {id: "UHJvZHVjdDox", delta: 1}) '
              "{ userErrors { code } } }"},
        headers={"X-Request-Id": "request-from-outside"},
    )  # fmt: skip

    (error,) = (await response.json())["errors"]
    assert response.headers["X-Request-Id"] == "request-from-outside"
    assert (
        error["message"] == "Something went wrong on our side. Please quote request-from-outside."
    )
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "request-from-outside"}
    (entry,) = logged.entries
    assert (entry["log_level"], entry["request_id"]) == ("error", "request-from-outside")
    assert str(entry["exc_info"]) == "the secret is 1234"


async def test_the_open_service_answers_to_loopback_names_only(open_shop: Shop) -> None:
    rebound = await open_shop.http.post(
        "/graphql", json={"query": QUERY}, headers={"Host": "evil.example:8080"}
    )
    local = await open_shop.http.post(
        "/graphql", json={"query": QUERY}, headers={"Host": "localhost:8080"}
    )

    assert (rebound.status, local.status) == (421, 200)
