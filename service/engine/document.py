"""One parsed document, with the measures and plans of its operations."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cachetools import LRUCache
from graphql import BooleanValueNode, DocumentNode, GraphQLError, OperationDefinitionNode

from service.engine.budget import Measure
from service.engine.compiled.plan import OperationPlan
from service.engine.weights import Weights, weigh

MEASURES_MAX = 32
PLANS_MAX = 32


class RequestRefused(Exception):
    """The request has no result at all, only these errors."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Document:
    """A parsed text; `measures` and `plans` cache what its operations cost, and their plans.

    Keys of both are the operation's name, followed by the values of the variables on which
    the measure or the plan depends.
    """

    def __init__(
        self,
        ast: DocumentNode,
        length: int,
        operations: Sequence[OperationDefinitionNode],
        weights: Sequence[Weights],
        conditions: Collection[str],
    ) -> None:
        """Take the operations with, for each, the variables on which its cost depends.

        `weights` are the weights of those variables' defaults, `conditions` the variables in
        directives.
        """
        self.ast = ast
        self.length = length
        self.measures: LRUCache[tuple[Any, ...], Measure] = LRUCache(MEASURES_MAX)
        self.plans: LRUCache[tuple[Any, ...], OperationPlan | None] = LRUCache(PLANS_MAX)
        names = [one.name.value if one.name else None for one in operations]
        self._operations = dict(zip(names, operations, strict=True))
        self._weights = dict(zip(names, weights, strict=True))
        self._conditions = frozenset(conditions)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute. Raises `RequestRefused` if the name does not decide which."""
        if name is None and len(self._operations) == 1:
            return next(iter(self._operations.values()))
        if name is None or name not in self._operations:
            names = ", ".join(str(known) for known in self._operations if known) or "none"
            raise RequestRefused(
                GraphQLError(f"operationName must be one of the document's: {names}.")
            )
        return self._operations[name]

    def weights(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Weights:
        """What the client's values of the operation's variables weigh, defaults included."""
        defaults = self._weights[operation.name.value if operation.name else None]
        return {
            name: weigh(variables[name]) if name in variables else default
            for name, default in defaults.items()
        }

    def conditions(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> Mapping[str, bool | None]:
        """The values of the variables in directives; None for a value that is not a boolean."""
        found: dict[str, bool | None] = {}
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            if name in self._conditions:
                default = definition.default_value
                value = default.value if isinstance(default, BooleanValueNode) else None
                value = variables.get(name, value)
                found[name] = value if isinstance(value, bool) else None
        return found
