"""Every mutation forgets what an earlier one of its operation has loaded."""

from types import SimpleNamespace

import pytest
import strawberry
from strawberry.types import Info

from service.schema.mutations.payloads import Payload, mutation
from service.schema.relay.context import Context
from tests.service.conftest import Shop


@strawberry.type
class NothingPayload(Payload):
    """Nothing."""


async def test_a_later_mutation_answers_with_what_it_has_changed_and_an_earlier_one_loaded(
    shop: Shop,
) -> None:
    user = await shop.user("sara@example.com")
    product = await shop.product("TEA-1", stock=5)
    order = (await shop.place(user, (product, 1)))["id"]
    name = "lines { edges { node { product { name } } } }"

    data = await shop.ask(
        f"""mutation ($order: ID!, $product: ID!) {{
          payOrder(input: {{id: $order}}) {{ order {{ {name} }} }}
          updateProduct(input: {{id: $product, name: "Green tea"}}) {{ product {{ name }} }}
          shipOrder(input: {{id: $order}}) {{ order {{ {name} }} }}
        }}""",
        order=order,
        product=product,
    )

    shipped = data["shipOrder"]["order"]["lines"]["edges"][0]["node"]["product"]["name"]
    assert shipped == "Green tea"


async def test_the_name_of_the_argument_that_holds_the_context_does_not_matter() -> None:
    cleared: list[bool] = []

    loaders = SimpleNamespace(clear=lambda: cleared.append(True))
    info = SimpleNamespace(context=SimpleNamespace(loaders=loaders))

    async def do_nothing(self: None, what_is_known: Info[Context, None]) -> NothingPayload | None:
        """Do nothing."""
        return NothingPayload()

    field = mutation(do_nothing)
    await field.base_resolver.wrapped_func(None, what_is_known=info)

    assert cleared == [True]


def test_a_mutation_that_cannot_reach_the_loaders_is_refused_when_it_is_declared() -> None:
    async def do_nothing(self: None) -> NothingPayload | None:
        """Do nothing."""
        return NothingPayload()

    with pytest.raises(TypeError, match="do_nothing needs an argument of the type Info"):
        mutation(do_nothing)
