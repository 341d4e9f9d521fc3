"""What an error of aiormq means to us."""

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
"""Errors that another attempt would meet again."""


def mapped_error(where: str, error: BaseException) -> BrokerError:
    """Our error for one that the driver raised; `where` names the broker, without secrets."""
    mapped = _error_for(where, error)
    mapped.__cause__ = error
    return mapped


def _error_for(where: str, error: BaseException) -> BrokerError:
    reason = (str(error) or type(error).__name__).rstrip(".")
    if isinstance(error, LASTING) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return BrokerError(
            f"{where} refuses this migrator: {reason}. Correct the broker's URL or the user's "
            "permissions, or delete the queue that was declared with other arguments."
        )
    if isinstance(error, PublishError):
        return Unroutable(f"{where} returned a batch, because its queue does not exist.")
    if isinstance(error, DeliveryError):
        return BrokerUnavailable(f"{where} could not store a batch.")
    if isinstance(error, asyncio.CancelledError):
        return BrokerUnavailable(f"{where} no longer answers, or the connection was cut.")
    if isinstance(error, (AMQPError, OSError, RuntimeError)):
        return BrokerUnavailable(f"{where} cannot be used: {reason}.")
    return BrokerError(
        f"The driver failed at {where}: {reason}. This is an error of the migrator; please report "
        "it."
    )
