"""What it means that a message could not be sent: whether it is worth trying again, and what to say
of it."""

from __future__ import annotations

from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPServerDisconnected,
)

from notifications import chat
from notifications.sealing import Unreadable

OF_THE_SERVER = (
    SMTPServerDisconnected,
    SMTPConnectError,
    SMTPHeloError,
    SMTPAuthenticationError,
    SMTPNotSupportedError,
)
OF_CHAT = (chat.NotAChannel, chat.NotPosted, Unreadable)
LENGTH = 500  # of what is kept of an error


def is_final(error: Exception) -> bool:
    """Whether the server refused this recipient, or this content, with a 5xx, or there is no chat
    to send it to."""
    if isinstance(error, OF_CHAT):
        return not isinstance(error, chat.NotPosted)
    if isinstance(error, SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and 500 <= error.smtp_code < 600


def is_server_trouble(error: Exception) -> bool:
    """Whether no message would have gone out: however long it lasts, none fails because of it."""
    if isinstance(error, SMTPException):
        return isinstance(error, OF_THE_SERVER)
    return isinstance(error, OSError)


def is_ours(error: Exception) -> bool:
    """Whether neither the server nor a chat is to blame, but what we wrote."""
    return not isinstance(error, (OSError, *OF_CHAT))  # smtplib's errors are among them


def told(error: Exception) -> str:
    """What the server said, or what went wrong, on one line."""
    if isinstance(error, SMTPRecipientsRefused):
        return "; ".join(_answer(code, said) for code, said in error.recipients.values())
    code, said = getattr(error, "smtp_code", None), getattr(error, "smtp_error", b"")
    if code is not None:
        return _answer(code, said)
    return f"{type(error).__name__}: {error}"[:LENGTH]


def _answer(code: int, said: bytes | str) -> str:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(f"{code} {words}".split())[:LENGTH]
