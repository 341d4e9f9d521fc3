"""Reviews, and the ratings that follow from them."""

from dataclasses import dataclass

from tortoise.expressions import F

from service.clock import utc_now
from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, reject
from service.models import Product, Review, ReviewStatus, User, UserRole
from service.models.review import (
    RATING_MAX,
    RATING_MIN,
    REVIEW_BODY_LENGTH_MAX,
    REVIEW_TITLE_LENGTH_MAX,
)
from service.operations.products import unknown_product
from service.operations.rules.access import VISITOR, Principal, acting_user, require
from service.operations.rules.validation import Checks
from service.operations.rules.visibility import may_see_product
from service.operations.users import unknown_user


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReview:
    """The input of `add_review`; without a user it is the caller's."""

    product_id: int
    rating: int
    user_id: int | None = None
    title: str = ""
    body: str = ""


async def add_review(caller: Principal, new: NewReview) -> Review:
    """Store a review for moderation. Raises `Rejected` for the user's second one of a product."""
    user_id = acting_user(caller, new.user_id, "userId")
    checks = Checks()
    checks.number(new.rating, "rating", RATING_MIN, RATING_MAX)
    title = checks.text(new.title, "title", REVIEW_TITLE_LENGTH_MAX, required=False)
    body = checks.text(new.body, "body", REVIEW_BODY_LENGTH_MAX, required=False)
    checks.raise_if_any()

    async def work() -> Review:
        await _raise_unless_reviewable(user_id, new.product_id)
        now = utc_now()
        return await Review.create(
            product_id=new.product_id,
            user_id=user_id,
            rating=new.rating,
            title=title,
            body=body,
            created_at=now,
            updated_at=now,
        )

    return await in_one_transaction(work, again_if=is_transient_or_duplicate)


async def _raise_unless_reviewable(user_id: int, product_id: int) -> None:
    product = await Product.get_or_none(id=product_id)
    if product is None or not may_see_product(VISITOR, product):
        raise unknown_product("productId")
    if not await User.filter(id=user_id).exists():
        raise unknown_user("userId")
    if await Review.filter(user_id=user_id, product_id=product_id).exists():
        raise reject(ErrorCode.TAKEN, "This user has already reviewed the product.", "productId")


async def moderate_review(caller: Principal, review_id: int, decision: ReviewStatus) -> Review:
    """Approve or reject a review and update the product's rating, in one transaction.

    The same decision again changes nothing. Raises `Rejected` for an unknown review.
    """
    require(caller, UserRole.STAFF)
    if decision not in {ReviewStatus.APPROVED, ReviewStatus.REJECTED}:
        raise reject(ErrorCode.ILLEGAL_TRANSITION, "A review is approved or rejected.", "decision")

    async def work() -> Review:
        # The row lock (on MySQL; SQLite has one writer anyway) serialises two moderators.
        review = await Review.select_for_update().get_or_none(id=review_id)
        if review is None:
            raise reject(ErrorCode.NOT_FOUND, "There is no such review.", "id")
        if review.status is not decision:
            await _move_rating(review, decision)
            review.status, review.updated_at = decision, utc_now()
            review.sequence = None  # Clients that follow the list see it again.
            await review.save(update_fields=("status", "sequence", "updated_at"))
        return review

    return await in_one_transaction(work)


async def _move_rating(review: Review, decision: ReviewStatus) -> None:
    counted = review.status is ReviewStatus.APPROVED
    counts = decision is ReviewStatus.APPROVED
    step = int(counts) - int(counted)
    if step:
        await Product.filter(id=review.product_id).update(
            rating_total=F("rating_total") + step * review.rating,
            rating_count=F("rating_count") + step,
            updated_at=utc_now(),
        )
