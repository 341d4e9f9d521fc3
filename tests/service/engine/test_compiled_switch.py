"""`GRAPHQL_COMPILED` chooses who executes operations, and nothing else."""

from typing import Any

import pytest

from service.app import build_app
from service.engine.compiled import compiler
from service.settings import load_settings
from tests.service.conftest import ClientFactory, Shop, settings_for

QUERY = "query ($first: Int!) { products(first: $first) { totalCount edges { node { id sku } } } }"
MUTATION = """mutation ($sku: String!) {
  createProduct(input: {sku: $sku, name: "Tea", price: {amount: "1.00", currency: "EUR"}}) {
    product { sku price { amount } }
    userErrors { code }
  }
}"""


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of the operations that are compiled."""
    found: list[str] = []
    real = compiler.compile_operation

    def noted(schema: Any, document: Any, operation: Any, variables: Any) -> Any:
        found.append(operation.operation.value)
        return real(schema, document, operation, variables)

    monkeypatch.setattr("service.engine.documents.compile_operation", noted)
    return found


@pytest.mark.parametrize(
    ("setting", "operations"), [(True, ["mutation", "query"]), (False, [])], ids=["on", "off"]
)
async def test_operations_are_compiled_unless_the_setting_is_false(
    sqlite_url: str,
    aiohttp_client: ClientFactory,
    compiled: list[str],
    setting: bool,
    operations: list[str],
) -> None:
    settings = settings_for(sqlite_url).model_copy(update={"graphql_compiled": setting})
    shop = Shop(await aiohttp_client(build_app(settings)), {})

    created = await (await shop.post(MUTATION, sku="TEA-1")).json()
    listed = await (await shop.post(QUERY, first=5)).json()
    refused = await (await shop.post(QUERY, first="many")).json()

    assert compiled == operations
    assert created["data"]["createProduct"] == {
        "product": {"sku": "TEA-1", "price": {"amount": "1.00"}},
        "userErrors": [],
    }
    assert [edge["node"]["sku"] for edge in listed["data"]["products"]["edges"]] == ["TEA-1"]
    assert listed["data"]["products"]["totalCount"] == 1
    assert "data" not in refused
    assert refused["extensions"]["cost"] == listed["extensions"]["cost"] | {"requested": 201}


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("false", False), (None, True)])
def test_the_setting_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, text: str | None, expected: bool
) -> None:
    monkeypatch.delenv("GRAPHQL_COMPILED", raising=False)
    if text is not None:
        monkeypatch.setenv("GRAPHQL_COMPILED", text)

    assert load_settings().graphql_compiled is expected
