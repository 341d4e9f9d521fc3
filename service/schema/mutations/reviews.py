"""Reviewing products and moderating reviews."""

from enum import Enum

import strawberry

from service.models import ReviewStatus
from service.operations import reviews
from service.schema.mutations.payloads import Payload, mutation
from service.schema.relay.context import Info
from service.schema.relay.ids import row_id, row_id_or_none
from service.schema.types.reviews import Review


@strawberry.input(description="An opinion; without a user it is the caller's.")
class AddReviewInput:
    """One for each user and product."""

    product_id: strawberry.ID
    rating: int = strawberry.field(description="1 to 5.")
    user_id: strawberry.ID | None = None
    title: str = ""
    body: str = ""


@strawberry.type
class AddReviewPayload(Payload):
    """The review, pending until somebody moderates it."""

    review: Review | None = None


@strawberry.enum(description="What a moderator decides.")
class ReviewDecision(Enum):
    """The value is the status that follows."""

    APPROVE = "approved"
    REJECT = "rejected"


@strawberry.input(description="What becomes of a review.")
class ModerateReviewInput:
    """A later decision replaces the earlier one."""

    id: strawberry.ID
    decision: ReviewDecision


@strawberry.type
class ModerateReviewPayload(Payload):
    """The review; its product's rating has followed."""

    review: Review | None = None


@strawberry.type
class ReviewMutation:
    """For customers, and for staff."""

    @mutation
    async def add_review(self, info: Info, input: AddReviewInput) -> AddReviewPayload | None:
        """Say what you think of a product."""
        new = reviews.NewReview(
            product_id=row_id(input.product_id, "Product", "productId"),
            rating=input.rating,
            user_id=row_id_or_none(input.user_id, "User", "userId"),
            title=input.title,
            body=input.body,
        )
        return AddReviewPayload(
            review=Review.of(await reviews.add_review(info.context.caller, new))
        )

    @mutation
    async def moderate_review(
        self,
        info: Info,
        input: ModerateReviewInput,
    ) -> ModerateReviewPayload | None:
        """Approve or reject a review; the product's rating follows in the same transaction."""
        row = await reviews.moderate_review(
            info.context.caller,
            row_id(input.id, "Review", "id"),
            ReviewStatus(input.decision.value),
        )
        return ModerateReviewPayload(review=Review.of(row))
