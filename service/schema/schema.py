"""The schema of all areas together."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from service.schema.mutations.jobs import JobMutation
from service.schema.mutations.notifications import NotificationMutation
from service.schema.mutations.orders import OrderMutation
from service.schema.mutations.products import ProductMutation
from service.schema.mutations.reviews import ReviewMutation
from service.schema.mutations.users import UserMutation
from service.schema.types.jobs import JobQuery, JobRun
from service.schema.types.nodes import NodeQuery
from service.schema.types.notifications import Notification, NotificationQuery
from service.schema.types.orders import Order, OrderLine, OrderQuery
from service.schema.types.products import Product, ProductQuery
from service.schema.types.reviews import Review, ReviewQuery
from service.schema.types.users import User, UserQuery


@strawberry.type(description="What can be asked.")
class Query(
    ProductQuery, ReviewQuery, OrderQuery, UserQuery, NotificationQuery, JobQuery, NodeQuery
):
    """One base for each area."""


@strawberry.type(description="What can be done.")
class Mutation(
    ProductMutation, ReviewMutation, OrderMutation, UserMutation, NotificationMutation, JobMutation
):
    """One base for each area."""


@cache
def build_schema() -> strawberry.Schema:
    """Build the schema; once per process, since that takes a while."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[Product, Review, Order, OrderLine, User, Notification, JobRun],
        config=StrawberryConfig(disable_field_suggestions=True),
    )
