from service.schema.relay.ids import global_id
from tests.service.conftest import Shop

NOTIFICATION = "notification { id title data readAt }"


async def test_a_message_reaches_its_user_and_is_read_once(shop: Shop) -> None:
    sara = await shop.user()
    data = {"order": "261124-ABC", "tags": ["a", "ب"]}

    sent = await shop.make(
        "sendNotification", NOTIFICATION, userId=sara, title="سلام", body="Hello", data=data
    )
    reader = await shop.logged_in()
    first = await reader.make("markNotificationRead", NOTIFICATION, id=sent["id"])
    again = await reader.make("markNotificationRead", NOTIFICATION, id=sent["id"])

    assert (sent["title"], sent["data"], sent["readAt"]) == ("سلام", data, None)
    assert first["readAt"] is not None
    assert again["readAt"] == first["readAt"]


async def test_everything_is_marked_read_and_counted(shop: Shop) -> None:
    sara, omid = await shop.user(), await shop.user("omid@example.com")
    for user in (sara, sara, sara, omid):
        await shop.make("sendNotification", NOTIFICATION, userId=user, title="Hello")

    reader, other = await shop.logged_in(), await shop.logged_in("omid@example.com")
    first = await reader.do("markAllNotificationsRead", "count")
    again = await reader.do("markAllNotificationsRead", "count", userId=sara)
    unread = "{ notifications(filter: {read: false}) { totalCount } }"

    assert (first["count"], again["count"]) == (3, 0)
    assert (await reader.ask(unread))["notifications"]["totalCount"] == 0
    assert (await other.ask(unread))["notifications"]["totalCount"] == 1


async def test_a_bad_message_is_refused(shop: Shop) -> None:
    sara = await shop.user()
    big = {"text": "x" * 20_000}

    empty = await shop.refusals("sendNotification", userId=sara, title="")
    nobody = await shop.refusals("sendNotification", userId=global_id("User", 9999), title="Hello")
    a_list = await shop.refusals("sendNotification", userId=sara, title="Hello", data=[1])
    too_big = await shop.refusals("sendNotification", userId=sara, title="Hello", data=big)

    assert empty == [("title", "REQUIRED")]
    assert nobody == [("userId", "NOT_FOUND")]
    assert a_list == [("data", "INVALID")]
    assert too_big == [("data", "TOO_LONG")]
