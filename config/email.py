"""EMAIL_URL as written in the documentation, turned into Django's settings."""

from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

SCHEMES = {
    "smtp": {},
    "smtp+tls": {"EMAIL_USE_TLS": True},
    "smtp+ssl": {"EMAIL_USE_SSL": True},
}


def settings_from(url: str) -> dict[str, Any]:
    """Return Django's EMAIL_* settings for `smtp[+tls|+ssl]://…` or `filemail:////folder`."""
    parts = urlsplit(url)
    if parts.scheme == "filemail":
        # Four slashes name an absolute folder, as for sqlite: the first closes the empty host.
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": "/" + unquote(parts.path).lstrip("/"),
        }
    if parts.scheme in SCHEMES:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname or "localhost",
            "EMAIL_PORT": parts.port or 25,
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            **SCHEMES[parts.scheme],
        }
    if parts.scheme in environ.Env.EMAIL_SCHEMES:
        return dict(environ.Env.email_url_config(url))
    raise ImproperlyConfigured(
        f"EMAIL_URL starts with {parts.scheme!r}. Write smtp://user:password@host:port, "
        "smtp+tls://…, smtp+ssl://… or filemail:////absolute/folder."
    )
