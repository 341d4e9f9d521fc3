"""Checks on single values, which collect their problems so that one answer lists all of them."""

from email_validator import EmailNotValidError

from service.errors import ErrorCode, Problem, Rejected, raise_if_any
from service.models.columns import StoredEnum
from service.models.user import EMAIL_LENGTH_MAX
from service.money import Money, parse_money
from service.text.forms import email_key, is_blank, is_storable, nfc, normal_email

EMAIL_EXAMPLE = "sara@example.com"


class Checks:
    """The problems of one input, gathered field by field."""

    def __init__(self, *prefix: str) -> None:
        self._prefix = prefix
        self.problems: list[Problem] = []

    def add(self, code: ErrorCode, message: str, *field: str) -> None:
        """Note one problem of a field."""
        self.problems.append(Problem(code, message, (*self._prefix, *field)))

    def add_all(self, rejected: Rejected, *field: str) -> None:
        """Note the problems that another check has found."""
        self.problems += [p.under(*self._prefix, *field) for p in rejected.problems]

    def raise_if_any(self) -> None:
        """Raise `Rejected` with all problems, if there are any."""
        raise_if_any(self.problems)

    def text(self, value: str, field: str, length_max: int, *, required: bool = True) -> str:
        """The value trimmed and in Unicode's NFC form; `length_max` counts code points."""
        value = nfc(value.strip())
        if required and is_blank(value):
            self.add(ErrorCode.REQUIRED, f"{field} must have visible characters.", field)
        elif len(value) > length_max:
            self.add(ErrorCode.TOO_LONG, f"{field} is limited to {length_max} characters.", field)
        elif not is_storable(value):
            self.add(ErrorCode.INVALID, f"{field} has characters that cannot be stored.", field)
        return value

    def choice(self, value: StoredEnum, field: str) -> None:
        """Refuse UNKNOWN, which is only ever read."""
        if value.name not in value.choices():
            message = f"{field} is one of {', '.join(value.choices())}."
            self.add(ErrorCode.INVALID, message, field)

    def number(self, value: int, field: str, low: int, high: int) -> int:
        """The value, which must lie in `low` to `high`, both included."""
        if not low <= value <= high:
            message = f"{field} must lie between {low} and {high}."
            self.add(ErrorCode.OUT_OF_RANGE, message, field)
        return value

    def money(self, amount: str, currency: str, field: str) -> Money:
        """The exact amount, or zero when a problem was noted."""
        try:
            return parse_money(amount, currency)
        except Rejected as rejected:
            self.add_all(rejected, field)
            return Money(0, currency)

    def email(self, value: str, field: str) -> str:
        """The address in its normal form."""
        try:
            normal = normal_email(value)
        except EmailNotValidError:
            message = f"{value[:80]!r} is not an e-mail address such as {EMAIL_EXAMPLE}."
            self.add(ErrorCode.INVALID, message, field)
            return value
        if len(email_key(normal)) > EMAIL_LENGTH_MAX:
            message = f"An e-mail address has at most {EMAIL_LENGTH_MAX} characters."
            self.add(ErrorCode.TOO_LONG, message, field)
        return normal
