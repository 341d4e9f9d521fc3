"""Relations to many, as data: which rows, and the column by which they refer to the object."""

from typing import Any

import strawberry

from service.schema.relay.arguments import PageArguments, paged
from service.schema.relay.connections import Connection, connect_children
from service.schema.relay.context import Info

_connection: Any = Connection


def related(node: Any, type_name: str, by: str, description: str) -> Any:
    """A field that lists the nodes of a type whose column `by` holds the object's `key`.

    `node` is the type, or its lazy name; the lists of all objects of a page are loaded
    together.
    """

    async def load(self: Any, info: Info, *, page: PageArguments) -> Any:
        loaders = info.context.loaders
        return await connect_children(loaders, loaders.children(type_name, by, self.key), page)

    load.__annotations__["return"] = _connection[node]
    return strawberry.field(resolver=paged(load), description=description)
