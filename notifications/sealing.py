"""Secrets that have to be read again, such as the address of a webhook: encrypted with a key made
from SECRET_KEY, so that whoever reads the database alone cannot read them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

PURPOSE = b"gatehouse/channel/v1\n"


class Unreadable(Exception):
    """Sealed with a key that is not known any more."""


def sealed(secret: str) -> str:
    return _keys().encrypt(secret.encode()).decode()


def opened(text: str) -> str:
    """Read it again, also where SECRET_KEY was changed and the former one is kept."""
    from cryptography.fernet import InvalidToken

    try:
        return _keys().decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("SECRET_KEY has changed since it was entered. Enter it again.") from error


def _keys() -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet  # 7 MiB, where nobody may have a chat

    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (sha256(PURPOSE + secret.encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
