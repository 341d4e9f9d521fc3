"""The REST shim: `POST /products` and `GET /products/{id}`, over the same operation as GraphQL."""

from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from service.errors import ErrorCode, Problem, Rejected
from service.http.app_keys import CALLER, PRODUCT_WRITER
from service.http.bodies import read_body
from service.http.problems import problem_response, status_of
from service.models import Product, ProductStatus
from service.operations.products import NewProduct, create_product
from service.operations.rules.visibility import visible_products
from service.schema.relay.ids import global_id, row_id


class Price(BaseModel):
    """As GraphQL's MoneyInput; the amount is a string, since JSON's numbers are not exact."""

    model_config = ConfigDict(strict=True, extra="forbid")

    amount: str
    currency: str


class ProductBody(BaseModel):
    """The fields of GraphQL's CreateProductInput; unknown ones are refused, not ignored."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sku: str
    name: str
    price: Price
    slug: str | None = None
    description: str = ""
    stock: int = 0
    status: str = "ACTIVE"

    def parsed(self) -> NewProduct:
        """The operation's input. Raises `Rejected` for an unknown status."""
        if self.status not in ProductStatus.choices():
            names = ", ".join(ProductStatus.choices())
            raise Rejected(Problem(ErrorCode.INVALID, f"status is one of {names}.", ("status",)))
        return NewProduct(
            sku=self.sku,
            name=self.name,
            amount=self.price.amount,
            currency=self.price.currency,
            slug=self.slug,
            description=self.description,
            stock=self.stock,
            status=ProductStatus[self.status],
        )


async def post_product(request: web.Request) -> web.Response:
    """201 with `Location` and the product, or a problem document."""
    if request.content_type != "application/json":
        return problem_response(415, "Send application/json.")
    try:
        body = orjson.loads(await read_body(request))
    except web.HTTPRequestEntityTooLarge:
        return problem_response(413, f"A body is limited to {request.client_max_size} bytes.")
    except (orjson.JSONDecodeError, web.RequestPayloadError) as error:
        return problem_response(400, f"The body is not JSON: {error}.")
    if not isinstance(body, dict):
        return problem_response(400, "The body must be one JSON object.")
    try:
        new = ProductBody.model_validate(body).parsed()
        row = await create_product(request.app[PRODUCT_WRITER], request[CALLER], new)
    except ValidationError as error:
        return _refusal(_shape_problems(error))
    except Rejected as rejected:
        return _refusal(rejected)
    location = f"/products/{global_id('Product', row.id)}"
    return _product_response(row, status=201, headers={"Location": location})


async def get_product(request: web.Request) -> web.Response:
    """The product at the URL that `Location` named."""
    try:
        key = row_id(request.match_info["id"], "Product")
    except Rejected:
        key = 0
    row = await visible_products(request[CALLER]).get_or_none(id=key)
    if row is None:
        return problem_response(404, f"No product has the id {request.match_info['id']}.")
    return _product_response(row)


def _refusal(rejected: Rejected) -> web.Response:
    return problem_response(status_of(rejected.problems), str(rejected), rejected.problems)


def _shape_problems(error: ValidationError) -> Rejected:
    return Rejected(
        *(
            Problem(
                ErrorCode.REQUIRED if found["type"] == "missing" else ErrorCode.INVALID,
                f"{'/'.join(map(str, found['loc']))}: {found['msg']}.",
                tuple(str(part) for part in found["loc"]),
            )
            for found in error.errors(include_url=False, include_input=False)
        )
    )


def _product_response(row: Product, status: int = 200, **options: Any) -> web.Response:
    average = row.rating_average
    document = {
        "id": global_id("Product", row.id),
        "sku": row.sku,
        "name": row.name,
        "slug": row.slug,
        "description": row.description,
        "price": {"amount": row.price.amount, "currency": row.currency},
        "stock": row.stock,
        "status": row.status.name,
        "ratingAverage": average,
        "ratingCount": row.rating_count,
        "createdAt": row.created_at.isoformat(),
        "updatedAt": row.updated_at.isoformat(),
    }
    return web.Response(
        body=orjson.dumps(document), status=status, content_type="application/json", **options
    )
