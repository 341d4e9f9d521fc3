"""Money as an integer count of minor units, the only form that both databases keep exact."""

from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from functools import cache

from iso4217 import Currency as Iso4217

from service.errors import ErrorCode, Problem, Rejected, reject

AMOUNT_MINOR_MAX = 10**15
"""Well inside 64 bits, so that the total of a full order never overflows."""


_EXACT = Context(prec=64)
"""More digits than an amount may have, so that nothing is rounded on the way."""


# Former currencies (list three of ISO 4217), by the decimal places that they had at the end.
# New prices need a currency of today, but stored ones stay readable.
_FORMER_DIGITS = {
    0: "ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE TPE TRL",
    2: "AFA ALK ANG AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BGJ BGK BGL BGN BOP BRB BRC BRE BRN "
    "BRR BUK CHC CSD CSJ CSK CUC CYP DDM DEM ECS ECV EEK ESA ESB FIM FRF GEK GHC GHP GNE GNS GQE "
    "GWE GWP HRD HRK IEP ILP ILR ISJ LAJ LSM LTL LTT LUC LUL LVL LVR MLF MRO MTL MTP MVQ MXP MZE "
    "MZM NIC NLG PEH PEI PES PLZ RHD ROK ROL RUR SDD SDP SIT SKK SLL SRG STD SUR TJR TMM UAK UGS "
    "UGW USS UYN UYP VEB VEF VNC YDD YUD YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWL ZWN ZWR",
}


@cache
def minor_digits(currency: str) -> int:
    """How many decimal places a currency has: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217).

    Raises `Rejected` for a code that is not an active ISO 4217 currency with a minor unit.
    """
    try:
        digits = Iso4217(currency).exponent
    except ValueError as error:
        message = f"{currency!r} is not an ISO 4217 currency code such as EUR."
        raise reject(ErrorCode.INVALID, message, "currency") from error
    if digits is None:
        raise reject(ErrorCode.INVALID, f"{currency} cannot be used for prices.", "currency")
    return int(digits)


@cache
def shown_digits(currency: str) -> int:
    """As `minor_digits`, for stored amounts: a former currency keeps its last decimal places.

    A code that was never a currency has none: its amount is the row's whole number.
    """
    try:
        return minor_digits(currency)
    except Rejected:
        former = (digits for digits, codes in _FORMER_DIGITS.items() if currency in codes.split())
        return next(former, 0)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `minor` units (cents for EUR) of an ISO 4217 `currency`."""

    minor: int
    currency: str

    @property
    def amount(self) -> str:
        """The amount as a plain decimal string with the currency's places: `12.50`."""
        return format_minor(self.minor, self.currency)


def format_minor(minor: int, currency: str) -> str:
    """`1250` EUR as `12.50`, `1250` JPY as `1250`."""
    digits = shown_digits(currency)
    if not digits:
        return str(minor)
    sign = "-" if minor < 0 else ""
    units, rest = divmod(abs(minor), 10**digits)
    return f"{sign}{units}.{rest:0{digits}}"


def parse_money(amount: str, currency: str) -> Money:
    """Read a client's decimal string without ever rounding it.

    Raises `Rejected` (fields `amount` or `currency`) for an unknown currency, for
    anything but a non-negative plain decimal, for more decimal places than the
    currency has, and above `AMOUNT_MINOR_MAX`.
    """
    digits = minor_digits(currency)
    minor = _decimal(amount).scaleb(digits, _EXACT)
    if minor != minor.to_integral_value(context=_EXACT):
        message = f"{currency} has {digits} decimal places; {amount!r} has more."
        raise reject(ErrorCode.INVALID, message, "amount")
    if not 0 <= minor <= AMOUNT_MINOR_MAX:
        message = f"The amount must lie between 0 and {format_minor(AMOUNT_MINOR_MAX, currency)}."
        raise reject(ErrorCode.OUT_OF_RANGE, message, "amount")
    return Money(int(minor), currency)


def _decimal(amount: str) -> Decimal:
    malformed = Rejected(
        Problem(
            ErrorCode.INVALID, f"{amount!r} is not a decimal number such as 12.50.", ("amount",)
        )
    )
    # Decimal also reads "1e3", " 7 ", "1_000" and "NaN", which are mistakes in a price.
    if len(amount) > 32 or not amount.isascii() or set(amount) - set("0123456789.-"):
        raise malformed
    try:
        return Decimal(amount)
    except InvalidOperation as error:
        raise malformed from error
