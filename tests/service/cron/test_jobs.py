from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.clock import utc_now
from service.cron.daily_digest import daily_digest
from service.cron.housekeeping import housekeeping
from service.cron.ticks import Tick
from service.database.connect import connected
from service.models import (
    Notification,
    NotificationKind,
    Order,
    OrderStatus,
    Product,
    User,
    UserRole,
)
from service.operations.order_placement import Address, Item, NewOrder, place_order
from service.operations.orders import cancel_order, pay_order
from service.operations.product_writer import ProductWriter
from service.operations.products import NewProduct, adjust_stock, create_product
from service.operations.rules.access import LOCAL_ADMIN
from tests.service.conftest import Shop

BERLIN = ZoneInfo("Europe/Berlin")
TWO_PM = datetime(2025, 10, 26, 13, tzinfo=UTC)  # On the day when Berlin's clocks go back.
WINDOW = timedelta(minutes=30)
ADDRESS = Address(name="Sara Ahmadi", line1="Vali-Asr 12", city="Tehran", country="IR")


@pytest.fixture
async def customer(database_url: str) -> AsyncIterator[int]:
    """The id of a customer."""
    async with connected(database_url):
        yield await user("sara")


async def user(name: str, role: UserRole = UserRole.CUSTOMER, *, active: bool = True) -> int:
    now = utc_now()
    email = f"{name}@example.com"
    made = await User.create(
        email=email, email_key=email, password_hash="-", full_name=name, role=role,
        active=active, created_at=now, updated_at=now,
    )  # fmt: skip
    return int(made.id)


async def product(sku: str, amount: str, currency: str = "EUR", stock: int = 100) -> Product:
    new = NewProduct(sku=sku, name=f"Tea {sku}", amount=amount, currency=currency, stock=stock)
    return await create_product(ProductWriter(), LOCAL_ADMIN, new)


async def order(customer: int, *items: tuple[Product, int], placed: datetime) -> Order:
    new = NewOrder(
        items=tuple(Item(product.id, quantity) for product, quantity in items),
        shipping_address=ADDRESS,
        customer_id=customer,
    )
    made = await place_order(LOCAL_ADMIN, new)
    await Order.filter(id=made.id).update(placed_at=placed)
    return made


async def pay(order: Order, at: datetime) -> None:
    await pay_order(LOCAL_ADMIN, order.id)
    await Order.filter(id=order.id).update(paid_at=at)


async def messages(user_id: int) -> list[Notification]:
    return await Notification.filter(user_id=user_id).order_by("id")


async def test_the_digest_sums_up_the_day_and_reaches_the_staff(customer: int) -> None:
    staff, admin = await user("reza", UserRole.STAFF), await user("mina", UserRole.ADMIN)
    gone = await user("nima", UserRole.STAFF, active=False)
    green, black = await product("GREEN", "2.50"), await product("BLACK", "300", "JPY", stock=7)
    noon = TWO_PM - timedelta(hours=2)
    first = await order(customer, (green, 3), placed=noon)
    second = await order(customer, (green, 1), placed=noon)
    third = await order(customer, (black, 5), placed=noon)
    refunded = await order(customer, (green, 40), placed=noon)
    await order(customer, (green, 1), placed=noon)
    for paid in (first, second, third, refunded):
        await pay(paid, noon)
    await cancel_order(LOCAL_ADMIN, refunded.id)

    result = await daily_digest(Tick(TWO_PM, BERLIN), low_stock_threshold=5)

    assert result == {
        "since": "2025-10-25T14:00:00+02:00",
        "until": "2025-10-26T14:00:00+01:00",
        "placedOrders": 5,
        "cancelledOrders": 1,
        "paidOrders": 3,
        "revenue": [{"amount": "10.00", "currency": "EUR"}, {"amount": "1500", "currency": "JPY"}],
        "bestSellers": [
            {"sku": "BLACK", "name": "Tea BLACK", "quantity": 5},
            {"sku": "GREEN", "name": "Tea GREEN", "quantity": 4},
        ],
        "lowStock": [{"sku": "BLACK", "name": "Tea BLACK", "quantity": 2}],
        "lowStockCount": 1,
        "notified": 2,
    }
    (message,) = await messages(staff)
    assert message.kind is NotificationKind.DAILY_DIGEST
    assert message.title == "Daily digest of 2025-10-26"
    assert message.body.splitlines() == [
        "2025-10-25 14:00 to 2025-10-26 14:00 CET",
        "Orders: 5 placed (1 of them cancelled), 3 paid",
        "Revenue: 10.00 EUR, 1500 JPY",
        "Best sellers: 5 × BLACK (Tea BLACK), 4 × GREEN (Tea GREEN)",
        "Low stock: 2 × BLACK (Tea BLACK)",
    ]
    assert message.data == {key: result[key] for key in result if key != "notified"}
    assert [len(await messages(who)) for who in (admin, customer, gone)] == [1, 0, 0]


async def test_an_order_counts_on_the_day_of_its_payment_to_the_microsecond(customer: int) -> None:
    tea = await product("TEA", "1.00")
    since, moment = TWO_PM - timedelta(hours=25), timedelta(microseconds=1)
    for quantity, paid_at in enumerate([since - moment, since, TWO_PM - moment, TWO_PM], start=1):
        made = await order(customer, (tea, quantity), placed=since - timedelta(days=1))
        await pay(made, paid_at)

    result = await daily_digest(Tick(TWO_PM, BERLIN), low_stock_threshold=5)

    assert result["placedOrders"] == 0
    assert result["paidOrders"] == 2
    assert result["revenue"] == [{"amount": "5.00", "currency": "EUR"}]
    assert result["bestSellers"] == [{"sku": "TEA", "name": "Tea TEA", "quantity": 5}]


async def test_a_repeated_digest_is_sent_to_new_staff_only(customer: int) -> None:
    staff = await user("reza", UserRole.STAFF)
    await daily_digest(Tick(TWO_PM, BERLIN), low_stock_threshold=5)
    newcomer = await user("mina", UserRole.STAFF)

    repeated = await daily_digest(Tick(TWO_PM, BERLIN), low_stock_threshold=5)
    tomorrow = await daily_digest(Tick(TWO_PM + timedelta(days=1), BERLIN), low_stock_threshold=5)

    assert (repeated["notified"], tomorrow["notified"]) == (1, 2)
    assert [len(await messages(who)) for who in (staff, newcomer)] == [2, 2]


async def test_orders_left_unpaid_are_cancelled_and_their_stock_is_returned(customer: int) -> None:
    tea, now = await product("TEA", "1.00", stock=10), utc_now()
    overdue = await order(customer, (tea, 4), placed=now - WINDOW - timedelta(seconds=1))
    recent = await order(customer, (tea, 2), placed=now - WINDOW)
    paid = await order(customer, (tea, 1), placed=now - timedelta(days=1))
    await pay(paid, now)

    result = await housekeeping(Tick(now, BERLIN), WINDOW, low_stock_threshold=5)
    again = await housekeeping(Tick(now, BERLIN), WINDOW, low_stock_threshold=5)

    assert (result["ordersCancelled"], again["ordersCancelled"]) == (1, 0)
    statuses = dict(await Order.all().values_list("id", "status"))
    assert statuses == {
        overdue.id: OrderStatus.CANCELLED,
        recent.id: OrderStatus.PENDING,
        paid.id: OrderStatus.PAID,
    }
    assert (await Product.get(id=tea.id)).stock == 7
    (message,) = await messages(customer)
    assert message.kind is NotificationKind.ORDER_CANCELLED
    assert message.title == f"Order {overdue.number} was cancelled"


async def test_staff_hear_once_of_a_product_that_ran_low_until_it_recovers(customer: int) -> None:
    staff = await user("reza", UserRole.STAFF)
    tea = await product("TEA", "1.00", stock=6)
    await product("NEW", "1.00", stock=100)

    async def reported() -> int:
        result = await housekeeping(Tick(utc_now(), BERLIN), WINDOW, low_stock_threshold=5)
        return int(result["productsReportedLow"])

    async def after(delta: int) -> int:
        await adjust_stock(LOCAL_ADMIN, tea.id, delta)
        return await reported()

    assert [await reported(), await after(-1), await after(-1)] == [0, 1, 0]
    assert [await after(+1), await after(+1), await after(-2)] == [0, 0, 1]
    first, second = await messages(staff)
    assert (first.title, first.body) == ("TEA runs low", "TEA (Tea TEA): 5 left")
    assert second.data == {"products": [{"sku": "TEA", "name": "Tea TEA", "stock": 4}]}
    assert await messages(customer) == []


async def test_low_stock_waits_until_there_is_somebody_to_tell(customer: int) -> None:
    for n in range(45):
        await product(f"TEA-{n}", "1.00", stock=0)
    tick = Tick(utc_now(), BERLIN)

    unheard = await housekeeping(tick, WINDOW, low_stock_threshold=5)
    staff = await user("reza", UserRole.STAFF)
    heard = await housekeeping(tick, WINDOW, low_stock_threshold=5)

    assert (unheard["productsReportedLow"], heard["productsReportedLow"]) == (0, 45)
    titles = [message.title for message in await messages(staff)]
    assert titles == ["20 products run low", "20 products run low", "5 products run low"]


async def test_staff_see_the_schedule_and_run_a_job(shop: Shop) -> None:
    before = utc_now()
    run = await shop.make(
        "runJob", "run { job trigger outcome attempt result error }", name="housekeeping"
    )
    runs = "runs(first: 2) { edges { node { job outcome } } }"
    data = await shop.ask(f"{{ jobs {{ name spec nextRunAt {runs} }} }}")

    assert run == {
        "job": "housekeeping", "trigger": "MANUAL", "outcome": "SUCCEEDED", "attempt": 1,
        "result": {
            "attemptsForgotten": 0, "ordersCancelled": 0, "productsRecovered": 0,
            "productsReportedLow": 0,
        },
        "error": None,
    }  # fmt: skip
    digest, housekeeping_job = data["jobs"]
    assert (digest["name"], digest["spec"]) == ("daily_digest", "0 14 * * *")
    assert digest["runs"]["edges"] == []
    assert (housekeeping_job["name"], housekeeping_job["spec"]) == ("housekeeping", "*/20 * * * *")
    assert housekeeping_job["runs"]["edges"] == [
        {"node": {"job": "housekeeping", "outcome": "SUCCEEDED"}}
    ]
    next_run = datetime.fromisoformat(housekeeping_job["nextRunAt"])
    assert before < next_run <= before + timedelta(minutes=21)
    assert next_run.minute % 20 == 0


async def test_an_unknown_job_is_a_typed_user_error(shop: Shop) -> None:
    assert await shop.refusals("runJob", name="gardening") == [("name", "NOT_FOUND")]
