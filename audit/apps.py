from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """What happened: the lowest layer, which knows no other app."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Audit log"

    def ready(self) -> None:
        from audit.checks import protected

        # A migration on SQLite can drop triggers without a word, so each one puts them back.
        post_migrate.connect(install_triggers, sender=self)
        register(protected, Tags.database)


def install_triggers(*, using: str, **kwargs: Any) -> None:
    """Protect the events after each migrate or flush of this database."""
    from audit import triggers

    triggers.install(using)
