"""Caching clients keep each object once, by its type and its id."""

import json

from graphql import GraphQLObjectType
from graphql import build_schema as build_sdl

from service.app import new_cron
from service.schema.schema import build_schema
from service.schema.types.jobs import job_number
from tests.service.conftest import Shop, settings_for
from tests.service.http import conformance

VALUES = {"Address", "Money", "Mutation", "PageInfo", "Query", "UserError"}
QUERY = """{
  jobs { id name runs(first: 1) { edges { node { id outcome } } } }
  products { edges { node { id name price { amount } } } }
}"""
JOB = "query ($id: ID!) { node(id: $id) { __typename id ... on Job { name spec } } }"


async def test_apollo_and_urql_keep_each_object_under_its_own_key(shop: Shop) -> None:
    product = await shop.product()
    run = await shop.make("runJob", "run { id }", name="housekeeping")
    digest, housekeeping = (await shop.ask("{ jobs { id } }"))["jobs"]

    url, headers = str(shop.http.make_url("/graphql")), json.dumps(dict(shop.headers))
    found = await conformance.run("clients.mjs", url, QUERY, headers)

    kept = found["kept"]
    assert kept["ROOT_QUERY"]["jobs"] == [
        {"__ref": f"Job:{digest['id']}"}, {"__ref": f"Job:{housekeeping['id']}"}
    ]  # fmt: skip
    names = [kept[f"Job:{job['id']}"]["name"] for job in (digest, housekeeping)]
    assert names == ["daily_digest", "housekeeping"]
    assert set(kept) == {
        "ROOT_QUERY", f"Job:{digest['id']}", f"Job:{housekeeping['id']}",
        f"JobRun:{run['id']}", f"Product:{product}",
    }  # fmt: skip
    assert (found["requests"], found["complaints"]) == ({"apollo": 1, "urql": 1}, [])


async def test_staff_find_a_job_by_its_id_and_others_find_nothing(shop: Shop) -> None:
    digest, housekeeping = (await shop.ask("{ jobs { id } }"))["jobs"]
    await shop.user()
    sara = await shop.logged_in()

    found = await shop.ask(JOB, id=housekeeping["id"])
    both = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Job { name } } }"
    many = await shop.ask(both, ids=[housekeeping["id"], digest["id"]])
    hidden = await sara.ask(JOB, id=housekeeping["id"])

    assert found["node"] == {
        "__typename": "Job", "id": housekeeping["id"],
        "name": "housekeeping", "spec": "*/20 * * * *",
    }  # fmt: skip
    assert [job["name"] for job in many["nodes"]] == ["housekeeping", "daily_digest"]
    assert hidden == {"node": None}
    assert await shop.refusals("archiveProduct", id=digest["id"]) == [("id", "INVALID")]


def test_no_two_jobs_have_one_number() -> None:
    jobs = new_cron(settings_for("sqlite://:memory:")).jobs()

    assert len({job_number(job.name) for job in jobs}) == len(jobs) == 2


def test_everything_that_is_no_plain_value_is_a_node_with_an_id() -> None:
    schema = build_sdl(build_schema().as_str())
    objects = {
        name: kind
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    }
    composed = ("Connection", "Edge", "Payload")

    nodes = {name for name, kind in objects.items() if _is_node(kind)}

    assert nodes == {n for n in objects if not n.endswith(composed)} - VALUES
    assert all("id" not in kind.fields for n, kind in objects.items() if n not in nodes)


def _is_node(kind: GraphQLObjectType) -> bool:
    return [interface.name for interface in kind.interfaces] == ["Node"] and (
        str(kind.fields["id"].type) == "ID!"
    )
