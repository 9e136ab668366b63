"""Requests to addresses that people typed in: they reach the outer world, and inner networks only where allowed.

The name is resolved once, its addresses are checked, and the connection goes to the checked address: a name that
answers differently the second time (DNS rebinding) gains nothing. Redirects are not followed.
"""

import asyncio
import re
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

TIMEOUT = 15.0  # seconds for all of it
VISIBLE = re.compile(r"[!-~]+")  # parsers disagree about all else, and drop line ends
EXCERPT = 2_000  # bytes of an answer that are looked at
# IPv6 addresses whose last 32 bits are an IPv4 address: NAT64, its local form (RFC 8215), and the form of old.
WRAPPING = tuple(IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


class NotAllowed(Exception):  # noqa: N818  says no, and will say so again
    """The URL is not one that may be called; the sentence says why."""


class Unreachable(Exception):  # noqa: N818  may be reachable later
    """Nobody answered; the sentence says what happened."""


@dataclass(frozen=True, slots=True)
class Answer:
    """excerpt: the beginning of the body; seconds: from resolving the name to the end of the excerpt"""

    status: int
    excerpt: bytes
    seconds: float


class Outgoing:
    """networks: inner networks that may be reached all the same, such as 10.20.0.0/16"""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(ip_network(network) for network in networks)

    def check(self, url: str) -> SplitResult:
        """
        Raises:
            NotAllowed: it is no web address without a password in it, or it names an inner address outright.
        """
        if not VISIBLE.fullmatch(url):
            raise NotAllowed("a URL is written in visible ASCII; other letters of a name as xn--, of a path as %")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise NotAllowed(f"{url[:80]!r} is no URL") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
            raise NotAllowed("only https:// and http:// URLs with a host are called")
        if parts.username is not None or parts.password is not None:
            raise NotAllowed("a URL may not carry a name or a password")
        try:
            literal = ip_address(parts.hostname)
        except ValueError:
            return parts
        self._check_address(literal, parts.hostname)
        return parts

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """
        Raises:
            NotAllowed: the URL, or every address behind its name, is one that may not be called.
            Unreachable: no answer came in time.
        """
        self.check(url)
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT):
                status, excerpt = await self._exchange(url, body, headers)
        except TimeoutError:
            raise Unreachable(f"no answer within {TIMEOUT:.0f} seconds") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        return Answer(status, excerpt, time.perf_counter() - begun)

    async def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        wired = [(name.encode(), value.encode()) for name, value in headers.items()]
        excerpt = b""
        async with (
            httpcore.AsyncConnectionPool(network_backend=_Guarded(self)) as pool,
            pool.stream("POST", url, headers=wired, content=body) as response,
        ):
            async for part in response.aiter_stream():
                excerpt += part
                if len(excerpt) >= EXCERPT:
                    break
            return response.status, excerpt[:EXCERPT]

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a name that may be called.

        Raises:
            NotAllowed: there are some, and none of them may.
        """
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [text for text in texts if self._allows(ip_address(text))]
        if not allowed:
            self._check_address(ip_address(texts[0]), host)
        return allowed

    def _check_address(self, address: Address, host: str) -> None:
        if not self._allows(address):
            raise NotAllowed(f"{host} is an inner address; OPSROOM_OUTGOING_NETWORKS can allow its network")

    def _allows(self, address: Address) -> bool:
        behind = _behind(address)
        if any(behind in network for network in self._networks if network.version == behind.version):
            return True
        is_of_a_site = isinstance(behind, IPv6Address) and behind.is_site_local  # of old, and taken for global
        return behind.is_global and not behind.is_multicast and not is_of_a_site


def _behind(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.is_loopback or address.is_unspecified:
        return address
    if any(address in network for network in WRAPPING):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    return wrapped or address


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to nothing else."""

    def __init__(self, rules: Outgoing) -> None:
        self._rules = rules
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the library's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        error: Exception | None = None
        for address in await self._rules.addresses(host, port):
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as refused:
                error = refused
        raise error or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  the library's interface
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  as above
    ) -> httpcore.AsyncNetworkStream:
        raise NotAllowed(f"{path} is no web address")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
