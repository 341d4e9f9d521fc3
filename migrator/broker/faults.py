"""What the errors of aiormq mean to us; a part of `broker.py`, which uses the driver."""

import asyncio
import ssl

from aiormq.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelAccessRefused,
    ChannelPreconditionFailed,
    ConnectionNotAllowed,
    ConnectionNotImplemented,
    DeliveryError,
    IncompatibleProtocolError,
    ProbableAuthenticationError,
    PublishError,
)

from migrator.errors import BrokerError, BrokerUnavailable, Unroutable

LASTING = (
    AuthenticationError,
    ChannelAccessRefused,
    ChannelPreconditionFailed,
    ConnectionNotAllowed,
    ConnectionNotImplemented,
    IncompatibleProtocolError,
    ProbableAuthenticationError,
)
"""What another try would meet again."""


def told_by(where: str, error: BaseException) -> BrokerError:
    """Our error for one that the driver raised; `where` names the broker, without secrets."""
    told = _kind_of(where, error)
    told.__cause__ = error
    return told


def _kind_of(where: str, error: BaseException) -> BrokerError:
    reason = (str(error) or type(error).__name__).rstrip(".")
    if isinstance(error, LASTING) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return BrokerError(
            f"{where} refuses this migrator: {reason}. Correct the broker's URL, the user's "
            "permissions, or delete the queue that was declared otherwise."
        )
    if isinstance(error, PublishError):
        return Unroutable(f"{where} returned a batch, because its queue is gone.")
    if isinstance(error, DeliveryError):
        return BrokerUnavailable(f"{where} could not store a batch.")
    if isinstance(error, asyncio.CancelledError):
        return BrokerUnavailable(f"{where} fell silent, or the connection was cut.")
    if isinstance(error, (AMQPError, OSError, RuntimeError)):
        return BrokerUnavailable(f"{where} cannot be used: {reason}.")
    return BrokerError(f"The driver failed at {where}: {reason}. This is a fault of the program.")
