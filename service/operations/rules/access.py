"""Who calls, and what they may do."""

from dataclasses import dataclass

from service.errors import ErrorCode, Rejected, reject
from service.models import UserRole

_RANK = {UserRole.UNKNOWN: 0, UserRole.CUSTOMER: 1, UserRole.STAFF: 2, UserRole.ADMIN: 3}


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of an operation: a user, a visitor, or the machine's own administrator."""

    role: UserRole | None = None
    user_id: int | None = None

    @property
    def is_staff(self) -> bool:
        """Whether the caller works for the shop."""
        return self.role in {UserRole.STAFF, UserRole.ADMIN}


VISITOR = Principal()
LOCAL_ADMIN = Principal(role=UserRole.ADMIN)
"""The user of the machine, if the service is open; also the cron jobs and the command line."""


def require(principal: Principal, role: UserRole) -> None:
    """Refuse unless the caller has at least this role."""
    if principal.role is None:
        raise _unauthenticated()
    if _RANK[principal.role] < _RANK[role]:
        raise reject(ErrorCode.FORBIDDEN, f"This needs the role {role.value}.")


def require_self(principal: Principal, user_id: int) -> None:
    """Refuse unless the caller is this user, or staff."""
    if principal.role is None:
        raise _unauthenticated()
    if not principal.is_staff and principal.user_id != user_id:
        raise reject(ErrorCode.FORBIDDEN, "This belongs to another user.")


def acting_user(principal: Principal, user_id: int | None, field: str) -> int:
    """The user on whose behalf the call is made: the one named, or else the caller."""
    chosen = user_id if user_id is not None else principal.user_id
    if chosen is None:
        if principal.role is None:
            raise _unauthenticated()
        raise reject(ErrorCode.REQUIRED, "Name the user for whom this is.", field)
    require_self(principal, chosen)
    return chosen


def _unauthenticated() -> Rejected:
    return reject(
        ErrorCode.UNAUTHENTICATED, "Send a bearer token in the header: Authorization: Bearer ..."
    )
