"""The names of types that refer to each other: Strawberry looks each up when it is needed."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from service.schema.types.notifications import Notification
    from service.schema.types.orders import Order
    from service.schema.types.products import Product
    from service.schema.types.reviews import Review
    from service.schema.types.users import User

NotificationRef = Annotated["Notification", strawberry.lazy("service.schema.types.notifications")]
OrderRef = Annotated["Order", strawberry.lazy("service.schema.types.orders")]
ProductRef = Annotated["Product", strawberry.lazy("service.schema.types.products")]
ReviewRef = Annotated["Review", strawberry.lazy("service.schema.types.reviews")]
UserRef = Annotated["User", strawberry.lazy("service.schema.types.users")]
