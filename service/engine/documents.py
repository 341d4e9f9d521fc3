"""Documents: parsed, measured and validated once, then found again by their text.

Parsing and validating take ten times as long as executing a small operation, so
clients that send variables instead of writing values into the text are served
several times faster. Only valid documents are kept: a stream of broken ones
cannot push the good ones out.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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

from service.engine.budget import (
    Limits,
    Measure,
    check_survey,
    measure,
    survey,
)
from service.engine.compiled.compiler import compile_operation
from service.engine.compiled.plan import OperationPlan
from service.engine.weights import Weights, weigh, weighty

CACHE_LENGTH_MAX = 1024 * 1024
"""Characters of all kept texts; parsed, they take about 70 times as many bytes."""
DOCUMENT_LENGTH_MAX = 128 * 1024
"""Characters; even the lexer alone takes 0.2 ms for each thousand of them."""
KEPT_LENGTH_MAX = 16 * 1024
"""Longer texts are served but not kept, so that a few cannot push out all the others."""
MEASURES_MAX = 32
PLANS_MAX = 32
VALIDATION_ERRORS_MAX = 5


class RequestRefused(Exception):
    """The request has no result at all, only these errors."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text, its operations by name, and what they were measured at before."""

    ast: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    weighty: Mapping[str | None, Weights]
    """For each operation the variables on which its cost depends, by their defaults."""
    measures: dict[tuple[Any, ...], Measure] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    """The variables that stand in directives; a plan is made for their values."""
    plans: dict[tuple[Any, ...], OperationPlan | None] = field(default_factory=dict)

    def plan(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        variables: VariableValues | None,
    ) -> OperationPlan | None:
        """The compiled operation, or None if graphql-core must execute it."""
        name = operation.name.value if operation.name else None
        values = variables.coerced if variables else {}
        key = (name, *(values.get(condition) for condition in self.conditions))
        if key not in self.plans:
            if len(self.plans) >= PLANS_MAX:
                self.plans.clear()
            self.plans[key] = compile_operation(schema, self.ast, operation, variables)
        return self.plans[key]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises `RequestRefused` if the name leaves a doubt."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            names = ", ".join(str(known) for known in self.operations if known) or "none"
            raise RequestRefused(
                GraphQLError(f"operationName must be one of the document's: {names}.")
            )
        return self.operations[name]


class Documents:
    """A bounded cache of the valid documents, the most recently used ones."""

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, tokens_max: int, *, introspection: bool
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._tokens_max = tokens_max
        self._rules = list(specified_rules)
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._kept_length = 0

    def prepare(
        self, text: str, operation_name: str | None, variables: Mapping[str, Any]
    ) -> tuple[Document, OperationDefinitionNode, Measure]:
        """A valid document, its operation and its cost within the limits.

        Raises `RequestRefused` with the errors of the first check that fails: syntax,
        the operation's name, the budget, the rules of the specification.
        """
        document = self._documents.get(text)
        if document is not None:
            self._documents.move_to_end(text)
            operation = document.operation(operation_name)
            return document, operation, self._measured(document, operation, variables)
        document = self._parse(text)
        operation = document.operation(operation_name)
        measured = self._measured(document, operation, variables)
        self._validate(document)
        self._keep(text, document)
        return document, operation, measured

    def _parse(self, text: str) -> Document:
        if len(text) > DOCUMENT_LENGTH_MAX:
            message = f"A document is limited to {DOCUMENT_LENGTH_MAX} characters; use variables."
            raise RequestRefused(GraphQLError(message))
        try:
            ast = parse(text, max_tokens=self._tokens_max)
        except GraphQLError as error:
            raise RequestRefused(error) from None
        except RecursionError:
            raise RequestRefused(GraphQLError("The document is nested too deeply.")) from None
        operations = {
            node.name.value if node.name else None: node
            for node in ast.definitions
            if isinstance(node, OperationDefinitionNode)
        }
        surveyed = survey(ast)
        try:
            check_survey(surveyed, self._limits)
        except GraphQLError as error:
            raise RequestRefused(error) from None
        weights = {
            name: {k: v for k, v in weighty(self._schema, one).items() if k in surveyed.variables}
            for name, one in operations.items()
        }
        return Document(ast, operations, weights, conditions=tuple(sorted(surveyed.conditions)))

    def _measured(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
    ) -> Measure:
        name = operation.name.value if operation.name else None
        weights = {
            key: weigh(variables[key]) if key in variables else default
            for key, default in document.weighty[name].items()
        }
        key = (name, *weights.values())
        if key not in document.measures:
            try:
                found = measure(self._schema, document.ast, operation, weights, self._limits)
            except GraphQLError as error:
                raise RequestRefused(error) from None
            if len(document.measures) >= MEASURES_MAX:
                document.measures.clear()
            document.measures[key] = found
        return document.measures[key]

    def _validate(self, document: Document) -> None:
        errors = validate(
            self._schema,
            document.ast,
            self._rules,
            max_errors=VALIDATION_ERRORS_MAX,
            hide_suggestions=True,
        )
        if errors:
            raise RequestRefused(*errors)

    def _keep(self, text: str, document: Document) -> None:
        if len(text) > KEPT_LENGTH_MAX:
            return
        self._documents[text] = document
        self._kept_length += len(text)
        while self._kept_length > CACHE_LENGTH_MAX:
            oldest, _ = self._documents.popitem(last=False)
            self._kept_length -= len(oldest)
