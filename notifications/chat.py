"""Slack, Teams and other chat through apprise, an optional extra (docs/channels.md)."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

# Those whose messages go to the service's own host, whatever the address says.
OF_ONE_HOST = frozenset({"slack"})
SECONDS = 4.0
ENDING = 4  # letters by which its owner knows an address again
NOT_INSTALLED = (
    "Chat is not installed here. An administrator installs it with ./script/setup channels and "
    "starts Gatehouse again."
)


class NotAChannel(Exception):
    """An address that messages may not go to, and why."""


class NotPosted(Exception):
    """The service did not take a message; it is tried again later."""


@dataclass(frozen=True, slots=True)
class Described:
    """What is shown of an address, which is a secret: the service, and how it ends."""

    service: str
    ending: str


def is_installed() -> bool:
    return find_spec("apprise") is not None


def described(url: str) -> Described:
    """What is shown of this address; raises NotAChannel where messages may not go there."""
    plugin = _plugin(url)
    return Described(str(plugin.service_name), url.rstrip("/")[-ENDING:])


def post(url: str, title: str, body: str) -> None:
    """Send a message, without following redirects; raises NotAChannel or NotPosted."""
    from apprise import Apprise, NotifyFormat

    plugin = _plugin(url)  # once more: names may lead elsewhere since it was entered
    service = Apprise()
    service.add(plugin)
    if not service.notify(title=title, body=body, body_format=NotifyFormat.TEXT):
        raise NotPosted(f"{plugin.service_name} did not take it.")


def _plugin(url: str) -> Any:
    """Apprise's own object for this address, if it may be used."""
    if not is_installed():
        raise NotAChannel(NOT_INSTALLED)
    from apprise import Apprise

    plugin = Apprise.instantiate(url, suppress_exceptions=True)
    if plugin is None:
        raise NotAChannel(
            "This is no address of a chat. Paste the webhook that Slack or Teams made."
        )
    schemes = {*_listed(plugin.protocol), *_listed(plugin.secure_protocol)}
    if not schemes & set(settings.APPRISE_SCHEMES):
        raise NotAChannel(
            f"{plugin.service_name} is not used here. Allowed are: "
            f"{', '.join(settings.APPRISE_SCHEMES)}. An administrator can allow others."
        )
    if not settings.CHANNELS_MAY_BE_INTERNAL:
        _require_public(url, plugin, schemes)
    # Whatever the address says itself.
    plugin.redirects = False
    plugin.socket_connect_timeout = plugin.socket_read_timeout = SECONDS
    return plugin


def _listed(protocols: str | Sequence[str] | None) -> Sequence[str]:
    return (protocols,) if isinstance(protocols, str) else protocols or ()


def _require_public(url: str, plugin: Any, schemes: set[str]) -> None:
    """Refuse what is not encrypted, and what would reach into our own network."""
    if urlsplit(url).scheme in _listed(plugin.protocol):
        raise NotAChannel("This address is not encrypted. Use one that begins with https.")
    if schemes & OF_ONE_HOST:
        return
    try:
        found = socket.getaddrinfo(plugin.host, plugin.port or 443, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise NotAChannel(f"There is no {plugin.host}. Check the address.") from error
    if not all(ip_address(address[0]).is_global for *_, address in found):
        raise NotAChannel("This address is inside our own network. Use one of a public service.")
