from service.app import build_app
from service.http.app_keys import TOKENS
from service.models import User, UserRole
from service.operations.users import NewUser, register_user
from tests.service.conftest import SECRET, ClientFactory, Shop, order_input, settings_for

USER = "user { id email role active }"
PASSWORD = "correct horse battery"


async def test_an_address_is_unique_without_regard_to_case(shop: Shop) -> None:
    await shop.user("Sara@Example.com")

    refusals = await shop.refusals(
        "registerUser", email="sara@example.COM", password=PASSWORD, fullName="Sara"
    )

    assert refusals == [("email", "TAKEN")]


async def test_a_bad_account_is_refused(shop: Shop) -> None:
    refusals = await shop.refusals("registerUser", email="nope", password="short", fullName=" ")

    assert refusals == [
        ("email", "INVALID"), ("fullName", "REQUIRED"), ("password", "OUT_OF_RANGE"),
    ]  # fmt: skip


async def test_passwords_are_kept_as_argon2id_hashes(shop: Shop) -> None:
    await shop.user()

    user = await User.get(email_key="sara@example.com")

    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_logging_in_gives_a_token_that_stands_for_the_user(shop: Shop) -> None:
    sara = await shop.user()

    payload = await shop.do(
        "logIn", "token user { id }", email="SARA@example.com", password=PASSWORD
    )
    customer = Shop(shop.http, {"Authorization": f"Bearer {payload['token']}"})

    assert payload["user"]["id"] == sara
    assert (await customer.ask("{ user { id role } }"))["user"] == {"id": sara, "role": "CUSTOMER"}


async def test_a_wrong_password_and_an_unknown_address_are_told_alike(shop: Shop) -> None:
    await shop.user()
    selection = "token"

    wrong = await shop.do("logIn", selection, email="sara@example.com", password="wrong password")
    unknown = await shop.do("logIn", selection, email="who@example.com", password="wrong password")

    assert wrong == unknown
    assert wrong["token"] is None
    assert [error["code"] for error in wrong["userErrors"]] == ["UNAUTHENTICATED"]


async def test_an_administrator_changes_roles_and_closes_accounts(shop: Shop) -> None:
    sara = await shop.user()

    promoted = await shop.make("updateUser", USER, id=sara, role="STAFF")
    closed = await shop.make("updateUser", USER, id=sara, active=False)

    assert (promoted["role"], closed["active"]) == ("STAFF", False)
    refusals = await shop.refusals("logIn", email="sara@example.com", password=PASSWORD)
    assert refusals == [("", "UNAUTHENTICATED")]


async def test_a_customer_sees_and_changes_only_their_own(shop: Shop) -> None:
    sara, omid = await shop.user(), await shop.user("omid@example.com")
    tea = await shop.product()
    omids_order = await shop.place(omid, (tea, 1))
    login = await shop.do("logIn", "token", email="sara@example.com", password=PASSWORD)
    customer = Shop(shop.http, {"Authorization": f"Bearer {login['token']}"})

    own = await customer.place(sara, (tea, 1))
    data = await customer.ask("{ orders { edges { node { id } } } users { totalCount } }")
    hidden = await customer.ask(
        "query ($id: ID!, $user: ID!) { order(id: $id) { id } node(id: $user) { id } }",
        id=omids_order["id"], user=omid,
    )  # fmt: skip

    nested = await customer.ask(
        """{ orders { edges { node { customer { id }
          lines { totalCount edges { node { sku product { sku reviews { totalCount } } } } } } } }
          products { edges { node { reviews { edges { node { user { id } } } } } } } }"""
    )

    (order,) = nested["orders"]["edges"]
    assert order["node"] == {
        "customer": {"id": sara},
        "lines": {
            "totalCount": 1,
            "edges": [
                {
                    "node": {
                        "sku": "TEA-1",
                        "product": {"sku": "TEA-1", "reviews": {"totalCount": 0}},
                    }
                }
            ],
        },
    }
    assert [edge["node"]["id"] for edge in data["orders"]["edges"]] == [own["id"]]
    assert data["users"]["totalCount"] == 1
    assert hidden == {"order": None, "node": None}
    forbidden = [("", "FORBIDDEN")]
    assert await customer.refusals("updateUser", id=omid, fullName="Me") == forbidden
    assert await customer.refusals("updateUser", id=sara, role="ADMIN") == forbidden
    assert await customer.refusals("payOrder", id=omids_order["id"]) == forbidden
    assert await customer.refusals("shipOrder", id=own["id"]) == forbidden
    assert await customer.refusals("placeOrder", **order_input(omid, (tea, 1))) == forbidden
    assert await customer.refusals("adjustStock", id=tea, delta=5) == forbidden
    assert await customer.refusals("runJob", name="housekeeping") == forbidden
    assert (await customer.errors("{ jobs { name } }"))[0]["extensions"]["code"] == "FORBIDDEN"


async def test_where_the_service_is_not_open_visitors_read_the_shop_and_write_nothing(
    database_url: str, aiohttp_client: ClientFactory
) -> None:
    app = build_app(settings_for(database_url, service_host="0.0.0.0"))
    client = await aiohttp_client(app)
    new = NewUser(email="staff@example.com", password=PASSWORD, full_name="Staff")
    staff = await register_user(new, UserRole.STAFF)
    shop = Shop(client, {"Authorization": f"Bearer {app[TOKENS].issue(staff)[0]}"})
    visitor = Shop(client, {})
    await shop.product("OPEN")
    await shop.product("DRAFT", status="DRAFT")

    data = await visitor.ask("{ products { edges { node { sku } } } orders { totalCount } }")
    refused = await visitor.refusals(
        "createProduct", sku="X", name="X", price={"amount": "1", "currency": "EUR"}
    )
    rest = await client.post("/products", json={"sku": "X", "name": "X", "price": {}})

    assert [edge["node"]["sku"] for edge in data["products"]["edges"]] == ["OPEN"]
    assert data["orders"]["totalCount"] == 0
    assert refused == [("", "UNAUTHENTICATED")]
    assert rest.status == 422


async def test_a_token_that_is_foreign_or_of_a_closed_account_is_401(shop: Shop) -> None:
    sara = await shop.user()
    login = await shop.do("logIn", "token", email="sara@example.com", password=PASSWORD)
    await shop.make("updateUser", USER, id=sara, active=False)

    closed = Shop(shop.http, {"Authorization": f"Bearer {login['token']}"})
    foreign = Shop(shop.http, {"Authorization": "Bearer nonsense"})
    other_scheme = Shop(shop.http, {"Authorization": f"Basic {SECRET}"})

    for visitor in (closed, foreign, other_scheme):
        response = await visitor.post("{ user { id } }")
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
