"""How often passwords may be tried and accounts opened, counted across all replicas.

An attempt is counted before it is made, so that many at the same moment do not slip
through together. Some attempts are free; each one after those waits twice as long as the
one before. An account is protected against guesses from many addresses, and an address
may not guess at many accounts. An address from which an account was logged in to before
does not count towards the account, so strangers cannot lock its owner out by guessing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.clock import utc_now
from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, Rejected, reject
from service.models import Attempt

FORGOTTEN_AFTER = timedelta(hours=1)
TRUSTED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many attempts are free; each one after those waits, up to `wait_max_s`."""

    free: int
    wait_max_s: int


PAIR = Allowance(free=5, wait_max_s=15 * 60)
ACCOUNT = Allowance(free=20, wait_max_s=60)
ADDRESS = Allowance(free=50, wait_max_s=15 * 60)
REGISTRATION = Allowance(free=20, wait_max_s=15 * 60)


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted, and its allowance."""

    who: str
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class LogIn:
    """Counts the attempts to log in to one account from one address."""

    account: str
    """The account's key, whether or not the account exists."""
    address: str

    def _pair(self) -> Counter:
        return Counter(_digest("pair", self.account, self.address), PAIR)

    def _others(self, *, trusted: bool) -> list[Counter]:
        address = Counter(_digest("address", self.address), ADDRESS)
        account = Counter(_digest("account", self.account), ACCOUNT)
        return [address] if trusted else [account, address]

    async def begin(self) -> bool:
        """Count an attempt; return whether this address has logged in to the account before.

        Raises `Rejected` (TOO_MANY_ATTEMPTS) while the account or the address must wait.
        """
        pair = self._pair()
        trusted = await Attempt.filter(who=pair.who, trusted=True).exists()
        await count([pair, *self._others(trusted=trusted)])
        return trusted

    async def succeeded(self, *, trusted: bool) -> None:
        """Uncount this attempt, and trust the address with this account from now on."""
        pair = self._pair()

        async def work() -> None:
            for one in _in_lock_order([pair, *self._others(trusted=trusted)]):
                row = await _locked(one.who)
                if row is None:
                    continue
                row.trusted = one == pair
                row.count = 0 if one == pair else max(row.count - 1, 0)
                if row.count < one.allowance.free:
                    row.blocked_until = None
                await row.save(update_fields=("count", "trusted", "blocked_until"))

        await in_one_transaction(work)


async def count_registration(address: str) -> None:
    """Count an account that is opened. Raises `Rejected` (TOO_MANY_ATTEMPTS)."""
    await count([Counter(_digest("registration", address), REGISTRATION)])


async def count(counters: Sequence[Counter]) -> None:
    """Count one attempt everywhere, or nowhere. Raises `Rejected` while one of them must wait."""
    # Checked without locks first: a caller that must wait then costs no transaction.
    _raise_if_waiting(await Attempt.filter(who__in=[one.who for one in counters]))

    async def work() -> None:
        rows = {one: await _locked(one.who) for one in _in_lock_order(counters)}
        _raise_if_waiting([row for row in rows.values() if row is not None])
        for one, row in rows.items():
            await _count(one, row)

    await in_one_transaction(work, again_if=is_transient_or_duplicate)


def _in_lock_order(counters: Sequence[Counter]) -> list[Counter]:
    """The same order for all attempts, so that two of them never deadlock."""
    return sorted(counters, key=lambda one: one.who)


async def _locked(who: str) -> Attempt | None:
    return await Attempt.select_for_update().get_or_none(who=who)


def _raise_if_waiting(rows: Sequence[Attempt]) -> None:
    now = utc_now()
    waits = [(row.blocked_until - now).total_seconds() for row in rows if row.blocked_until]
    wait_s = max(waits, default=0.0)
    if wait_s > 0:
        raise too_many(f"Try again in {wait_s + 1:.0f} s.")


def too_many(when: str) -> Rejected:
    """The refusal of an attempt before it is made."""
    return reject(ErrorCode.TOO_MANY_ATTEMPTS, f"There were too many attempts. {when}")


async def _count(one: Counter, row: Attempt | None) -> None:
    now = utc_now()
    if row is None:
        await Attempt.create(who=one.who, count=1, last_at=now)
        return
    row.count = 1 if now - row.last_at > FORGOTTEN_AFTER else row.count + 1
    row.last_at = now
    row.blocked_until = _blocked_until(now, row.count, one.allowance)
    await row.save(update_fields=("count", "last_at", "blocked_until"))


def _blocked_until(now: datetime, count: int, allowance: Allowance) -> datetime | None:
    beyond = count - allowance.free
    if beyond < 0:
        return None
    # The exponent is bounded so that the number stays small.
    return now + timedelta(seconds=min(2 ** min(beyond, 20), allowance.wait_max_s))


async def forget_attempts(limit: int) -> int:
    """Delete up to `limit` expired counters; return how many were deleted."""
    now = utc_now()
    old = Attempt.filter(last_at__lt=now - FORGOTTEN_AFTER, trusted=False)
    older = Attempt.filter(last_at__lt=now - TRUSTED_FOR, trusted=True)
    rows = [*await old.limit(limit).only("who"), *await older.limit(limit).only("who")][:limit]
    return await Attempt.filter(who__in=[row.who for row in rows]).delete() if rows else 0


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
