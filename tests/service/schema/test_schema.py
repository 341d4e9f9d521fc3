from pathlib import Path

import pytest
from graphql import build_schema as build_sdl
from graphql import parse, validate

from service.http.playground import samples
from service.schema.schema import build_schema

COMMITTED = Path(__file__).parents[3] / "service" / "schema" / "schema.graphql"


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert COMMITTED.read_text("utf-8") == build_schema().as_str() + "\n", "Run: make schema"


@pytest.mark.parametrize("document", samples())
def test_each_sample_of_the_playground_is_valid(document: str) -> None:
    assert validate(build_sdl(COMMITTED.read_text("utf-8")), parse(document)) == []


def test_every_mutation_has_one_input_and_a_payload_with_user_errors() -> None:
    schema = build_sdl(COMMITTED.read_text("utf-8"))
    assert schema.mutation_type is not None

    for name, field in schema.mutation_type.fields.items():
        capital = name[0].upper() + name[1:]
        assert {a: str(arg.type) for a, arg in field.args.items()} == {"input": f"{capital}Input!"}
        assert str(field.type) == f"{capital}Payload"
        payload = schema.get_type(f"{capital}Payload")
        assert str(payload.fields["userErrors"].type) == "[UserError!]!"  # type: ignore[union-attr]
