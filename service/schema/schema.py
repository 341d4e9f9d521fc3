"""All areas put together."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from service.schema.jobs import JobMutation, JobQuery, JobRun
from service.schema.nodes import NodeQuery
from service.schema.notifications import Notification, NotificationMutation, NotificationQuery
from service.schema.order_mutations import OrderMutation
from service.schema.orders import Order, OrderLine, OrderQuery
from service.schema.product_mutations import ProductMutation
from service.schema.products import Product, ProductQuery
from service.schema.reviews import Review, ReviewMutation, ReviewQuery
from service.schema.user_mutations import UserMutation
from service.schema.users import User, UserQuery


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


def build_schema() -> strawberry.Schema:
    """The schema; built once per process, since that takes a while."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[Product, Review, Order, OrderLine, User, Notification, JobRun],
        config=StrawberryConfig(disable_field_suggestions=True),
    )
