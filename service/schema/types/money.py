"""Money as clients write and read it."""

import strawberry

from service import money


@strawberry.type(description="An exact amount of money.")
class Money:
    """The output form."""

    amount: str = strawberry.field(
        description='A decimal string such as "12.50"; whole if ISO 4217 never had the currency.'
    )
    currency: str = strawberry.field(
        description="An ISO 4217 code such as EUR; also one that has left it since."
    )

    @classmethod
    def of(cls, value: money.Money) -> "Money":
        """Shape an amount."""
        return cls(amount=value.amount, currency=value.currency)


@strawberry.input(description="An exact amount of money; it is never rounded.")
class MoneyInput:
    """The input form, checked by the operation so that a mistake is a user error."""

    amount: str = strawberry.field(description='A decimal string such as "12.50".')
    currency: str = strawberry.field(description="An ISO 4217 code such as EUR.")
