"""The shop's tables, one file per model."""

from service.models.attempt import Attempt
from service.models.id_key import IdKey
from service.models.job_run import JobOutcome, JobRun, JobTrigger
from service.models.notification import Notification, NotificationKind
from service.models.order import Order, OrderLine, OrderStatus
from service.models.product import Product, ProductStatus
from service.models.review import Review, ReviewStatus
from service.models.sequence import Sequence
from service.models.user import User, UserRole

__all__ = [
    "Attempt",
    "IdKey",
    "JobOutcome",
    "JobRun",
    "JobTrigger",
    "Notification",
    "NotificationKind",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Product",
    "ProductStatus",
    "Review",
    "ReviewStatus",
    "Sequence",
    "User",
    "UserRole",
]
