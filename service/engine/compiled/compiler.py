"""Compiling an operation of a valid document into a plan.

Fields are collected by the rules of the specification (section 6.3.2), once for all
executions: a field of an interface type gets a plan for each of its possible types, and
each combination of conditions (`@skip`, `@include`) gets a plan of its own. What is not
covered (introspection, subscriptions and directives of an operation) is declined, and
graphql-core executes it.
"""

from collections.abc import Sequence
from operator import attrgetter

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
)
from graphql.execution.values import VariableValues

from service.engine.compiled.arguments import direct_resolver
from service.engine.compiled.inline import Inline, generate_fill, serializer
from service.engine.compiled.plan import (
    Complete,
    FieldPlan,
    InterfacePlan,
    ListPlan,
    ObjectPlan,
    OperationPlan,
)


class Unsupported(Exception):
    """The operation needs graphql-core's own executor."""


def compile_operation(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: VariableValues | None,
) -> OperationPlan | None:
    """Compile an operation of a valid document, or None if it must be left to graphql-core.

    Of the variables, only those in conditions matter.
    """
    root = schema.get_root_type(operation.operation)
    is_covered = operation.operation in {OperationType.QUERY, OperationType.MUTATION}
    if root is None or not is_covered or operation.directives:
        return None
    compiler = _Compiler(schema, document, variables)
    try:
        plan = compiler.object_plan(root, [operation.selection_set])
    except Unsupported:
        return None
    return OperationPlan(plan, operation.operation is OperationType.MUTATION)


class _Compiler:
    """Compiles the selections of one document."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: VariableValues | None
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def object_plan(
        self, kind: GraphQLObjectType, selection_sets: Sequence[SelectionSetNode]
    ) -> ObjectPlan:
        """Compile the merged selections of an object type."""
        collected: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in selection_sets:
            self._collect(kind, selection_set, collected, visited)
        fields = tuple(self._field(kind, key, nodes) for key, nodes in collected.items())
        return ObjectPlan(kind.name, fields, *generate_fill(fields))

    def _collect(
        self,
        kind: GraphQLObjectType,
        selection_set: SelectionSetNode,
        collected: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for node in selection_set.selections:
            if node.directives and not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                collected.setdefault(key, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                if node.name.value in visited:
                    continue
                visited.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, kind):
                    self._collect(kind, fragment.selection_set, collected, visited)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, kind):
                    self._collect(kind, node.selection_set, collected, visited)

    def _is_included(self, node: SelectionNode) -> bool:
        """Whether a selection's conditions hold (section 3.13 of the specification)."""
        if {one.name.value for one in node.directives or ()} - {"skip", "include"}:
            raise Unsupported
        try:
            skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
            include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        except GraphQLError as error:
            raise Unsupported from error
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _applies(self, condition: str, kind: GraphQLObjectType) -> bool:
        return condition == kind.name or any(i.name == condition for i in kind.interfaces)

    def _field(self, kind: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> FieldPlan:
        name = nodes[0].name.value
        definition = kind.fields.get(name)
        if name == "__typename":
            return _typename(kind, key, nodes)
        if definition is None or definition.resolve is None:
            raise Unsupported
        is_plain = getattr(definition.resolve, "_is_default", False) and not definition.args
        python_name = definition.extensions["strawberry-definition"].python_name
        complete, nullable, inline = self._completer(definition.type, nodes)
        return FieldPlan(
            key=key,
            nodes=nodes,
            attribute=attrgetter(python_name) if is_plain else None,
            resolver=direct_resolver(definition) or definition.resolve,
            definition=definition,
            complete=complete,
            nullable=nullable,
            inline=inline.of_attribute(python_name) if inline and is_plain else None,
        )

    def _completer(
        self, kind: GraphQLOutputType, nodes: Sequence[FieldNode]
    ) -> tuple[Complete, bool, Inline | None]:
        """How a type's values are completed, whether they may be null, and the same inline."""
        if isinstance(kind, GraphQLNonNull):
            complete, _, inline = self._completer(kind.of_type, nodes)
            return complete, False, inline.non_null() if inline else None
        if isinstance(kind, GraphQLList):
            complete, nullable, inline = self._completer(kind.of_type, nodes)
            items = ListPlan(nodes, complete, nullable)
            return items.complete, True, inline.of_list() if inline else None
        if isinstance(kind, GraphQLObjectType):
            plan = self.object_plan(kind, [n.selection_set for n in nodes if n.selection_set])
            return plan.complete, True, None if plan.rest else Inline.call(plan.fill)
        if isinstance(kind, GraphQLInterfaceType):
            return self._interface_plan(kind, nodes).complete, True, None
        if isinstance(kind, GraphQLEnumType | GraphQLScalarType):
            serialize = serializer(kind)
            inline = Inline.leaf(kind, serialize)
            return lambda _run, value, _place: serialize(value), True, inline
        raise Unsupported

    def _interface_plan(
        self, kind: GraphQLInterfaceType, nodes: Sequence[FieldNode]
    ) -> InterfacePlan:
        selection_sets = [n.selection_set for n in nodes if n.selection_set]
        return InterfacePlan(
            {
                one.extensions["strawberry-definition"].origin: self.object_plan(
                    one, selection_sets
                )
                for one in self._schema.get_possible_types(kind)
            }
        )


def _typename(kind: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> FieldPlan:
    name = kind.name
    return FieldPlan(
        key=key,
        nodes=nodes,
        attribute=lambda _source: name,
        resolver=lambda *_: name,
        definition=GraphQLField(kind),
        complete=lambda _run, value, _place: value,
        nullable=False,
        inline=Inline.constant(name),
    )
