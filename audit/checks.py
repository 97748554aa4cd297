from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage
from django.core.checks import Warning as Doubt

from audit import triggers


def protected(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Warn when the triggers are not in place.

    A warning, because `migrate` runs database checks first and is what puts the triggers back;
    what refuses to start is `triggers.require()`.
    """
    return [
        Doubt(
            f"The audit log is not protected on '{alias}': {', '.join(absent)} missing.",
            hint="Run manage.py migrate, which installs the triggers.",
            id="audit.W001",
        )
        for alias in databases or []
        if triggers.is_migrated(alias) and (absent := triggers.missing(alias))
    ]
