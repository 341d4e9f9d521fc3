"""What every resolver can use."""

from dataclasses import dataclass
from typing import Protocol

from strawberry.types import Info as StrawberryInfo

from service.accounts.tokens import TokenSigner
from service.operations.jobs import JobRunner
from service.operations.order_placement import Reservations
from service.operations.product_writer import ProductWriter
from service.operations.rules.access import Principal
from service.schema.relay.loaders import Loaders


class Origin(Protocol):
    """Where a request comes from."""

    @property
    def address(self) -> str:
        """The network address for which attempts are counted."""


@dataclass(frozen=True, slots=True)
class Context:
    """One request: its caller, its loaders, and the parts of the application that it uses."""

    caller: Principal
    loaders: Loaders
    product_writer: ProductWriter
    tokens: TokenSigner
    jobs: JobRunner
    reservations: Reservations
    origin: Origin


Info = StrawberryInfo[Context, None]
