"""The three requests, the same for every party, and what a right answer to each looks like.

`@unique@` and `@order@` in the variables are filled in for each request by load.lua.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.data import LINES_PER_ORDER, amount_of, order_number

PAGE_ROWS = 50


class WrongAnswer(Exception):
    """A party answered something else than the data says."""


@dataclass(frozen=True, slots=True)
class Request:
    """One operation with its variables; `marker` occurs in every good answer."""

    name: str
    operation: str
    query: str
    variables: Mapping[str, Any]
    marker: str
    check: Callable[[Mapping[str, Any]], None]
    writes: bool = False

    def body(self, *, graphql: bool) -> str:
        """The JSON to send, with its placeholders; without GraphQL, the variables alone."""
        if not graphql:
            return orjson.dumps(self.variables).decode()
        whole = {
            "operationName": self.operation,
            "query": self.query,
            "variables": self.variables,
        }
        return orjson.dumps(whole).decode()

    def path(self, *, graphql: bool) -> str:
        """Where to send it."""
        return "/graphql" if graphql else f"/{self.operation}"


def _expect(name: str, actual: object, expected: object) -> None:
    if actual != expected:
        raise WrongAnswer(f"{name} is {actual!r}; it must be {expected!r}.")


def _check_created(data: Mapping[str, Any]) -> None:
    payload = data["createProduct"]
    _expect("userErrors", payload["userErrors"], [])
    product = payload["product"]
    _expect("price", product["price"], {"amount": "12.50", "currency": "EUR"})
    _expect("stock and status", (product["stock"], product["status"]), (20, "ACTIVE"))
    _expect("slug", product["slug"], product["name"].lower().replace(" ", "-"))
    _expect("keys", sorted(product), sorted(_PRODUCT_FIELDS))


def _check_page(data: Mapping[str, Any]) -> None:
    edges = data["products"]["edges"]
    _expect("the number of products", len(edges), PAGE_ROWS)
    for index, edge in enumerate(edges, start=1):
        node = edge["node"]
        _expect("name", node["name"], f"Product {index:05}")
        _expect("price", node["price"], {"amount": amount_of(index), "currency": "EUR"})
        _expect("keys", sorted(node), sorted(_PRODUCT_FIELDS))
    page_info = {"hasNextPage": True, "endCursor": edges[-1]["cursor"]}
    _expect("pageInfo", data["products"]["pageInfo"], page_info)


def _check_order(data: Mapping[str, Any]) -> None:
    order = data["order"]
    _expect("number and status", (order["number"], order["status"]), (order_number(1), "PAID"))
    lines = [edge["node"] for edge in order["lines"]["edges"]]
    _expect("the number of lines", len(lines), LINES_PER_ORDER)
    for line in lines:
        index = int(line["sku"].removeprefix("BENCH-"))
        _expect("product", line["product"]["name"], f"Product {index:05}")
        _expect("unitPrice", line["unitPrice"], {"amount": amount_of(index)})


_PRODUCT_FIELDS = ("id", "sku", "name", "slug", "price", "stock", "status", "createdAt")
_PRODUCT = "id sku name slug price { amount currency } stock status createdAt"

CREATE_PRODUCT = Request(
    name="createProduct",
    operation="CreateProduct",
    query="mutation CreateProduct($input: CreateProductInput!) { createProduct(input: $input) "
    f"{{ product {{ {_PRODUCT} }} userErrors {{ field code message }} }} }}",
    variables={
        "input": {
            "sku": "T-@unique@",
            "name": "Tea @unique@",
            "description": "Black tea from the gardens of Lahijan, picked in spring.",
            "price": {"amount": "12.50", "currency": "EUR"},
            "stock": 20,
            # Compiled queries of graphql-jit do not know an input's default values.
            "status": "ACTIVE",
        }
    },
    marker='"createdAt"',
    check=_check_created,
    writes=True,
)
PRODUCTS = Request(
    name="products",
    operation="Products",
    query="query Products($first: Int!) { products(first: $first, sort: {by: NAME}) "
    f"{{ edges {{ cursor node {{ {_PRODUCT} }} }} pageInfo {{ hasNextPage endCursor }} }} }}",
    variables={"first": PAGE_ROWS},
    marker='"hasNextPage"',
    check=_check_page,
)
ORDER = Request(
    name="order",
    operation="Order",
    query="query Order($number: String!) { order(number: $number) { number status "
    "total { amount currency } lines { edges { node { sku quantity unitPrice { amount } "
    "product { id name stock } } } } } }",
    variables={"number": "@order@"},
    marker='"unitPrice"',
    check=_check_order,
)

REQUESTS = {request.name: request for request in (PRODUCTS, ORDER, CREATE_PRODUCT)}
"""Reads first: every party's reads then see the same rows."""
