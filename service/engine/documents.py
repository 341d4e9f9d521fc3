"""Documents: parsed, measured, validated and compiled once, then found again by their text.

Parsing and validating take ten times as long as executing a small operation, so
clients that send variables instead of writing values into the text are served
several times faster. Only valid documents are kept: a stream of invalid ones
cannot push them out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import VariableValues

from service.engine.budget import Limits, Measure, check_survey, measure, survey
from service.engine.compiled.compiler import compile_operation
from service.engine.compiled.plan import OperationPlan
from service.engine.document import Document, RequestRefused
from service.engine.weights import weighty

CACHE_LENGTH_MAX = 1024 * 1024
"""Characters of all kept texts; the parsed documents take about 70 bytes for each."""
DOCUMENT_LENGTH_MAX = 128 * 1024
"""Characters; even the lexer alone takes 0.2 ms for each thousand of them."""
KEPT_LENGTH_MAX = 16 * 1024
"""Longer texts are served but not kept, so that a few cannot push out all the others."""
VALIDATION_ERRORS_MAX = 5


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid operation whose cost is within the limits."""

    operation: OperationDefinitionNode
    plan: OperationPlan | None
    """None where graphql-core must execute the operation."""
    document: DocumentNode
    measure: Measure


class Documents:
    """Prepares operations, and keeps the valid documents that were used most recently."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        tokens_max: int,
        *,
        introspection: bool = True,
        compiled: bool = True,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._tokens_max = tokens_max
        self._compiled = compiled
        self._rules = list(specified_rules)
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._kept: LRUCache[str, Document] = LRUCache(
            CACHE_LENGTH_MAX, getsizeof=lambda document: document.length
        )

    def prepare(
        self, text: str, operation_name: str | None, variables: Mapping[str, Any]
    ) -> Prepared:
        """Prepare an operation for the client's raw variables.

        Raises `RequestRefused` with the errors of the first check that fails: syntax,
        the operation's name, the budget, the rules of the specification.
        """
        kept = self._kept.get(text)
        document = kept or self._parse(text)
        operation = document.operation(operation_name)
        measured = self._measured(document, operation, variables)
        if kept is None:
            self._validate(document.ast)
            if document.length <= KEPT_LENGTH_MAX:
                self._kept[text] = document
        plan = self._plan(document, operation, variables) if self._compiled else None
        return Prepared(operation, plan, document.ast, measured)

    def _parse(self, text: str) -> Document:
        if len(text) > DOCUMENT_LENGTH_MAX:
            message = f"A document is limited to {DOCUMENT_LENGTH_MAX} characters; use variables."
            raise RequestRefused(GraphQLError(message))
        try:
            ast = parse(text, max_tokens=self._tokens_max)
            surveyed = survey(ast)
            check_survey(surveyed, self._limits)
        except GraphQLError as error:
            raise RequestRefused(error) from None
        except RecursionError:
            raise RequestRefused(GraphQLError("The document is nested too deeply.")) from None
        operations = [one for one in ast.definitions if isinstance(one, OperationDefinitionNode)]
        weights = [
            {k: v for k, v in weighty(self._schema, one).items() if k in surveyed.variables}
            for one in operations
        ]
        return Document(ast, len(text), operations, weights, surveyed.conditions)

    def _measured(
        self, document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> Measure:
        weights = document.weights(operation, variables)
        key = (_name(operation), *weights.values())
        if key not in document.measures:
            try:
                found = measure(self._schema, document.ast, operation, weights, self._limits)
            except GraphQLError as error:
                raise RequestRefused(error) from None
            document.measures[key] = found
        return document.measures[key]

    def _validate(self, ast: DocumentNode) -> None:
        errors: Sequence[GraphQLError] = validate(
            self._schema,
            ast,
            self._rules,
            max_errors=VALIDATION_ERRORS_MAX,
            hide_suggestions=True,
        )
        if errors:
            raise RequestRefused(*errors)

    def _plan(
        self, document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> OperationPlan | None:
        """The operation compiled for these values of its conditions (`@skip`, `@include`)."""
        conditions = document.conditions(operation, variables)
        key = (_name(operation), *conditions.values())
        if key not in document.plans:
            values = VariableValues({}, dict(conditions))
            document.plans[key] = compile_operation(self._schema, document.ast, operation, values)
        return document.plans[key]


def _name(operation: OperationDefinitionNode) -> str | None:
    return operation.name.value if operation.name else None
