"""How events are bound to each other (reliability.md, Audit log)."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

GENESIS = "0" * 64


def link(seq: int, prev: str, payload: str) -> str:
    """Return the hash that binds a payload to its place and to the row before; anyone can check."""
    return hashlib.sha256(f"audit/v1\n{seq}\n{prev}\n{payload}".encode()).hexdigest()


def seal(link_hash: str, key: str) -> str:
    """Return the MAC of a hash; only a holder of the key, outside the database, can make it."""
    return hmac.digest(key.encode(), link_hash.encode(), "sha256").hex()


def key_id(key: str) -> str:
    """Name a key without giving it away."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def known_keys() -> dict[str, str]:
    """Return the present key and the retired ones (`AUDIT_KEY_FALLBACKS`) by their names."""
    retired: list[str] = getattr(settings, "AUDIT_KEY_FALLBACKS", [])
    return {key_id(key): key for key in [settings.AUDIT_KEY, *retired]}


def text_digest(salt: str, words: str) -> str:
    """Return what a payload holds in place of a text."""
    return hashlib.sha256((salt + words).encode()).hexdigest()
