# mypy: ignore-errors
# Its libraries are installed in an environment of its own, where mypy does not look.
"""The application: `uvicorn fastapi_shop.app:app`, with `DATABASE_URL` in the environment."""

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from fastapi import Depends, FastAPI
from fastapi_shop import models
from fastapi_shop.types import (
    Connection,
    CreateProductInput,
    CreateProductPayload,
    Edge,
    Order,
    PageInfo,
    Product,
    ProductSort,
    UserError,
    cursor_of,
)
from fastapi_shop.validation import problems_of
from slugify import slugify
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from strawberry.dataloader import DataLoader
from strawberry.fastapi import GraphQLRouter


def engine_url(database_url: str) -> str:
    """`sqlite://PATH` and `mysql://...` as SQLAlchemy writes them."""
    if database_url.startswith("sqlite://"):
        return f"sqlite+aiosqlite:///{database_url.removeprefix('sqlite://')}"
    return database_url.replace("mysql://", "mysql+aiomysql://", 1) + "?charset=utf8mb4"


engine = create_async_engine(engine_url(os.environ["DATABASE_URL"]))
new_session = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    """One session per request."""
    async with new_session() as opened:
        yield opened


async def context(session: Annotated[AsyncSession, Depends(session)]) -> dict[str, Any]:
    """What resolvers receive: the request's session and its loaders."""

    async def products(ids: list[int]) -> Sequence[models.Product | None]:
        rows = await session.scalars(select(models.Product).where(models.Product.id.in_(ids)))
        by_id = {row.id: row for row in rows}
        return [by_id.get(row_id) for row_id in ids]

    async def lines(order_ids: list[int]) -> Sequence[Sequence[models.OrderLine]]:
        line = models.OrderLine
        statement = select(line).where(line.order_id.in_(order_ids)).order_by(line.position)
        by_order = defaultdict(list)
        for row in await session.scalars(statement):
            by_order[row.order_id].append(row)
        return [by_order[order_id] for order_id in order_ids]

    return {
        "session": session,
        "product_loader": DataLoader(products),
        "lines_loader": DataLoader(lines),
    }


@strawberry.type
class Query:
    """The reads of the benchmark."""

    @strawberry.field
    async def products(
        self, info: strawberry.Info, first: int = 20, sort: ProductSort | None = None
    ) -> Connection[Product]:
        """A page of products."""
        column = (sort or ProductSort()).by.value
        statement = select(models.Product).order_by(
            getattr(models.Product, column), models.Product.id
        )
        rows = (await info.context["session"].scalars(statement.limit(first + 1))).all()
        edges = [
            Edge(cursor=cursor_of(column, getattr(row, column), row.id), node=Product.of(row))
            for row in rows[:first]
        ]
        page_info = PageInfo(
            has_next_page=len(rows) > first, end_cursor=edges[-1].cursor if edges else None
        )
        return Connection(edges=edges, page_info=page_info)

    @strawberry.field
    async def order(self, info: strawberry.Info, number: str) -> Order | None:
        """One order."""
        statement = select(models.Order).where(models.Order.number == number)
        row = await info.context["session"].scalar(statement)
        return Order.of(row) if row else None


@strawberry.type
class Mutation:
    """The write of the benchmark."""

    @strawberry.mutation
    async def create_product(
        self,
        info: strawberry.Info,
        input: CreateProductInput,  # noqa: A002
    ) -> CreateProductPayload:
        """Add one product."""
        if problems := problems_of(input):
            return CreateProductPayload(user_errors=problems)
        product = _row(input)
        session = info.context["session"]
        session.add(product)
        try:
            await session.commit()
        except IntegrityError:
            taken = UserError(field=["sku"], code="TAKEN", message="The sku or slug is taken.")
            return CreateProductPayload(user_errors=[taken])
        return CreateProductPayload(product=Product.of(product))


def _row(given: CreateProductInput) -> models.Product:
    now = datetime.now(UTC).replace(tzinfo=None)
    searchable = (given.name, given.sku, given.description)
    return models.Product(
        sku=given.sku.strip(),
        name=given.name.strip(),
        slug=slugify(given.name, allow_unicode=True),
        description=given.description,
        search_text="\n".join(part.casefold() for part in searchable if part),
        price_minor=int(Decimal(given.price.amount) * 100),
        currency=given.price.currency,
        stock=given.stock,
        status=given.status.value,
        created_at=now,
        updated_at=now,
    )


app = FastAPI()
app.include_router(
    GraphQLRouter(strawberry.Schema(Query, Mutation), context_getter=context), prefix="/graphql"
)
