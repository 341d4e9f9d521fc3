"""How much to make, and what has been made that later rows can refer to."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from service.clock import utc_now
from service.models import Product, ProductStatus, User, UserRole
from service.seed.orders import Article, Customer
from service.seed.people import Rows

USERS_MIN = 20
# Orders refer to no more than these, so that memory stays bounded for any plan.
CUSTOMERS_MAX = 100_000
ARTICLES_MAX = 100_000


def _today() -> datetime:
    return utc_now().replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """How many rows to make, from which random seed, and the moment at which their history ends."""

    products: int
    orders: int
    random_seed: int = 1
    until: datetime = field(default_factory=_today)

    @property
    def users(self) -> int:
        """One for every five orders, and enough for the reviews."""
        return max(USERS_MIN, self.orders // 5)

    def random(self, part: str, batch: range) -> Random:
        """A generator for one batch, so that a retried batch gives the same rows."""
        return Random(f"{self.random_seed}/{part}/{batch.start}")  # noqa: S311 - No secrets.


@dataclass(slots=True)
class Shop:
    """What later rows can refer to; it grows after each commit."""

    customers: list[Customer] = field(default_factory=list)
    articles: dict[str, list[Article]] = field(default_factory=dict)

    def learn(self, rows: Rows) -> None:
        """Add the customers and the active products among rows that were committed."""
        for user in rows.get(User, ()):
            if user["role"] is UserRole.CUSTOMER and len(self.customers) < CUSTOMERS_MAX:
                self.customers.append(Customer(user["id"], user["full_name"]))
        known = sum(map(len, self.articles.values()))
        for product in rows.get(Product, ())[: ARTICLES_MAX - known]:
            if product["status"] is ProductStatus.ACTIVE:
                known_as = ("id", "sku", "name", "price_minor", "currency")
                article = Article(*(product[name] for name in known_as))
                self.articles.setdefault(article.currency, []).append(article)
