"""Reviews: the type, the moderation queue and the mutations."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Private

from service import models
from service.errors import ErrorCode, reject
from service.models import ReviewStatus
from service.operations.reading.paging import Sort
from service.operations.rules.visibility import visible_reviews
from service.schema.relay.connections import (
    SEQUENCE_DESCRIPTION,
    Arguments,
    Connection,
    SortDirection,
    connect,
)
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id

if TYPE_CHECKING:
    from service.schema.types.products import Product
    from service.schema.types.users import User

REVIEWS_NEWEST_FIRST = Sort("created_at", descending=True)

strawberry.enum(ReviewStatus, description="Only approved reviews count and are public.")


@strawberry.type(description="A customer's opinion of a product.")
class Review(Node):
    """Plain attributes, filled from the row at once; only relations are resolved."""

    product_key: Private[int]
    user_key: Private[int]
    rating: int
    title: str
    body: str
    status: ReviewStatus
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: models.Review) -> "Review":
        """Shape a row."""
        return cls(
            id=global_id("Review", row.id),
            product_key=row.product_id,
            user_key=row.user_id,
            rating=row.rating,
            title=row.title,
            body=row.body,
            status=row.status,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="What it is about.")
    async def product(
        self, info: Info
    ) -> Annotated["Product", strawberry.lazy("service.schema.types.products")] | None:
        """Load the products of all reviews of the page together."""
        from service.schema.types.products import shaped_if_visible

        return shaped_if_visible(info, await info.context.loaders.product.load(self.product_key))

    @strawberry.field(description="Who wrote it; null unless that is for you to know.")
    async def user(
        self, info: Info
    ) -> Annotated["User", strawberry.lazy("service.schema.types.users")] | None:
        """Load the users of all reviews of the page together."""
        from service.schema.types.users import shaped_if_visible

        return shaped_if_visible(info, await info.context.loaders.user.load(self.user_key))


@strawberry.enum(description="What reviews can be sorted by.")
class ReviewSortKey(Enum):
    """The value is the column."""

    CREATED_AT = "created_at"
    RATING = "rating"
    SEQUENCE = strawberry.enum_value("sequence", description=SEQUENCE_DESCRIPTION)


@strawberry.input(description="The order of a list of reviews.")
class ReviewSort:
    """A column and a direction."""

    by: ReviewSortKey = ReviewSortKey.CREATED_AT
    direction: SortDirection = SortDirection.DESC


@strawberry.input(description="Which reviews to list; all given conditions must hold.")
class ReviewFilter:
    """By what they are about, who wrote them and how they stand."""

    product_id: strawberry.ID | None = None
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="For the author and for staff."
    )
    status: list[ReviewStatus] | None = None
    rating_min: int | None = None
    rating_max: int | None = None


@strawberry.type
class ReviewQuery:
    """The entry point."""

    @strawberry.field(description="Reviews: all of them for staff, the approved ones for others.")
    async def reviews(
        self,
        info: Info,
        filter: ReviewFilter | None = None,  # noqa: A002
        sort: ReviewSort | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Review] | None:
        """List reviews."""
        caller = info.context.caller
        conditions = _conditions(filter or ReviewFilter())
        author = conditions.get("user_id")
        if not caller.is_staff and author not in {None, caller.user_id}:
            message = "Whose reviews these are is for their author and the shop to know."
            raise reject(ErrorCode.FORBIDDEN, message, "filter", "userId")
        query = visible_reviews(caller).filter(**conditions)
        sort = sort or ReviewSort()
        order = Sort(sort.by.value, descending=sort.direction is SortDirection.DESC)
        return await connect(
            info.context.loaders,
            query,
            order,
            Arguments(first, after, last, before),
            Review.of,
            is_scan=filter is not None,
        )


def _conditions(given: ReviewFilter) -> dict[str, object]:
    conditions: dict[str, object] = {}
    if given.product_id is not None:
        conditions["product_id"] = row_id(given.product_id, "Product", "filter", "productId")
    if given.user_id is not None:
        conditions["user_id"] = row_id(given.user_id, "User", "filter", "userId")
    if given.status is not None:
        conditions["status__in"] = given.status
    if given.rating_min is not None:
        conditions["rating__gte"] = given.rating_min
    if given.rating_max is not None:
        conditions["rating__lte"] = given.rating_max
    return conditions
