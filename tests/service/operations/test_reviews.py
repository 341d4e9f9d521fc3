import asyncio

from service.schema.relay.ids import global_id
from tests.service.conftest import Shop

REVIEW = "review { id status rating }"


async def rating(shop: Shop, product: str) -> tuple[float | None, int]:
    data = await shop.ask(
        "query ($id: ID!) { product(id: $id) { ratingAverage ratingCount } }", id=product
    )
    return data["product"]["ratingAverage"], data["product"]["ratingCount"]


async def test_only_approved_reviews_count(shop: Shop) -> None:
    product = await shop.product()
    sara, omid = await shop.user(), await shop.user("omid@example.com")

    first = await shop.make("addReview", REVIEW, productId=product, userId=sara, rating=5)
    second = await shop.make("addReview", REVIEW, productId=product, userId=omid, rating=2)
    before = await rating(shop, product)
    await shop.make("moderateReview", REVIEW, id=first["id"], decision="APPROVE")
    one = await rating(shop, product)
    await shop.make("moderateReview", REVIEW, id=second["id"], decision="APPROVE")
    both = await rating(shop, product)
    await shop.make("moderateReview", REVIEW, id=first["id"], decision="REJECT")
    after = await rating(shop, product)

    assert first["status"] == "PENDING"
    assert (before, one, both, after) == ((None, 0), (5.0, 1), (3.5, 2), (2.0, 1))


async def test_a_user_reviews_a_product_once(shop: Shop) -> None:
    product, sara = await shop.product(), await shop.user()
    values = {"productId": product, "userId": sara, "rating": 4}

    outcomes = await asyncio.gather(*(shop.refusals("addReview", **values) for _ in range(8)))

    assert sorted(outcomes) == [[], *[[("productId", "TAKEN")]] * 7]
    assert (await shop.ask("{ reviews { totalCount } }"))["reviews"]["totalCount"] == 1


async def test_approving_many_times_at_once_counts_once(shop: Shop) -> None:
    product, sara = await shop.product(), await shop.user()
    review = await shop.make("addReview", REVIEW, productId=product, userId=sara, rating=4)

    await asyncio.gather(
        *(shop.refusals("moderateReview", id=review["id"], decision="APPROVE") for _ in range(8))
    )

    assert await rating(shop, product) == (4.0, 1)


async def test_a_bad_review_is_refused(shop: Shop) -> None:
    product, sara = await shop.product(), await shop.user()
    draft = await shop.product("DRAFT", status="DRAFT")

    six = await shop.refusals("addReview", productId=product, userId=sara, rating=6)
    zero = await shop.refusals("addReview", productId=product, userId=sara, rating=0)
    hidden = await shop.refusals("addReview", productId=draft, userId=sara, rating=3)
    nobody = await shop.refusals(
        "addReview", productId=product, userId=global_id("User", 9999), rating=3
    )
    anonymous = await shop.refusals("addReview", productId=product, userId=product, rating=3)

    assert six == zero == [("rating", "OUT_OF_RANGE")]
    assert hidden == [("productId", "NOT_FOUND")]
    assert nobody == [("userId", "NOT_FOUND")]
    assert anonymous == [("userId", "INVALID")]


async def test_the_queue_lists_what_is_pending(shop: Shop) -> None:
    product, sara = await shop.product(), await shop.user()
    review = await shop.make("addReview", REVIEW, productId=product, userId=sara, rating=4)
    query = "{ reviews(filter: {status: [PENDING]}) { edges { node { id user { email } } } } }"

    before = await shop.ask(query)
    await shop.make("moderateReview", REVIEW, id=review["id"], decision="REJECT")
    after = await shop.ask(query)

    assert before["reviews"]["edges"] == [
        {"node": {"id": review["id"], "user": {"email": "sara@example.com"}}}
    ]
    assert after["reviews"]["edges"] == []
