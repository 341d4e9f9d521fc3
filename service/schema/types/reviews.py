"""Reviews: the type and its list, which is also the moderation queue."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import Private

from service import models
from service.errors import ErrorCode, reject
from service.models import ReviewStatus
from service.operations.rules.access import Principal
from service.operations.rules.visibility import visible_reviews
from service.schema.relay.arguments import (
    SEQUENCE_DESCRIPTION,
    PageArguments,
    SortDirection,
    given,
    order,
    paged,
)
from service.schema.relay.connections import Connection, connect
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id_or_none
from service.schema.types.refs import ProductRef, UserRef

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
    async def product(self, info: Info) -> ProductRef | None:
        """Load the products of all reviews of the page together."""
        product: ProductRef | None = await info.context.loaders.node("Product", self.product_key)
        return product

    @strawberry.field(description="Who wrote it; null unless that is for you to know.")
    async def user(self, info: Info) -> UserRef | None:
        """Load the users of all reviews of the page together."""
        user: UserRef | None = await info.context.loaders.node("User", self.user_key)
        return user


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
    @paged
    async def reviews(
        self,
        info: Info,
        filter: ReviewFilter | None = None,
        sort: ReviewSort | None = None,
        *,
        page: PageArguments,
    ) -> Connection[Review] | None:
        """List reviews."""
        caller, loaders = info.context.caller, info.context.loaders
        rows = visible_reviews(caller)
        if filter is not None:
            rows = rows.filter(**_conditions(caller, filter))
        sort = sort or ReviewSort()
        by = order(sort.by.value, sort.direction)
        return await connect(loaders, rows, by, page, Review.of, is_scan=filter is not None)


def _conditions(caller: Principal, filter: ReviewFilter) -> dict[str, object]:
    product = row_id_or_none(filter.product_id, "Product", "filter", "productId")
    author = row_id_or_none(filter.user_id, "User", "filter", "userId")
    if not caller.is_staff and author not in {None, caller.user_id}:
        message = "Whose reviews these are is for their author and the shop to know."
        raise reject(ErrorCode.FORBIDDEN, message, "filter", "userId")
    return given(
        product_id=product,
        user_id=author,
        status__in=filter.status,
        rating__gte=filter.rating_min,
        rating__lte=filter.rating_max,
    )
