"""Where a request comes from, as far as that can be known."""

import functools
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import HttpVersion11, web

Address = IPv4Address | IPv6Address

# Proxies add one of these to what they forward: RFC 7239, RFC 9110 (Via), and common practice.
FORWARDING_HEADERS = frozenset(
    {
        "forwarded", "via", "client-ip", "true-client-ip", "x-client-ip", "x-real-ip",
        "x-cluster-client-ip", "cf-connecting-ip", "cf-ray", "cdn-loop", "fastly-client-ip",
        "fly-client-ip", "x-amzn-trace-id", "x-envoy-external-address", "x-original-forwarded-for",
    }
)  # fmt: skip
FORWARDED_PREFIX = "x-forwarded-"
HOPS_LENGTH_MAX = 2_000
ADDRESSES_MAX = 1_000
IPV6_CUSTOMER_BITS = 64
"""A provider gives each customer at least a network with a prefix of this length."""


def calls_from_here(request: web.Request) -> bool:
    """Whether a program on this machine calls, and is not a proxy for another client.

    Some proxies add no header; most of these speak HTTP/1.0 to their backend (nginx does by
    default), so requests in that version do not count as local.
    """
    peer = _peer(request)
    if peer is None or not peer.is_loopback or request.version < HttpVersion11:
        return False
    names = [name.lower() for name in request.headers]
    is_forwarded = not FORWARDING_HEADERS.isdisjoint(names) or any(
        name.startswith(FORWARDED_PREFIX) for name in names
    )
    return not is_forwarded


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from; worked out only when it is needed."""

    request: web.Request
    proxies: int

    @property
    def address(self) -> str:
        """See `client_of`."""
        return client_of(self.request, self.proxies)


def client_of(request: web.Request, proxies: int) -> str:
    """The client for which attempts are counted: an address, or the network of an IPv6 address.

    A peer in a private network is trusted as one of our proxies, and so are the `proxies` - 1
    before it: the client's address is that many entries from the end of X-Forwarded-For.
    """
    peer = _peer(request)
    hops = ",".join(request.headers.getall("X-Forwarded-For", ()))[-HOPS_LENGTH_MAX:].split(",")
    if (peer is None or peer.is_private) and proxies and len(hops) >= proxies:
        peer = _address(hops[-proxies]) or peer
    if isinstance(peer, IPv6Address):
        return str(ip_network((peer, IPV6_CUSTOMER_BITS), strict=False))
    return str(peer) if peer is not None else "unknown"


def _peer(request: web.Request) -> Address | None:
    transport = request.transport
    name = transport.get_extra_info("peername") if transport is not None else None
    return _address(name[0]) if isinstance(name, tuple) else None


@functools.lru_cache(ADDRESSES_MAX)
def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
