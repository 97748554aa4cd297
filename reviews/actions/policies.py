"""Publishing policies."""

from typing import Any

from django.utils import timezone

from reviews import policy
from reviews.models import PolicyVersion


def ensure_default_policy(using: str = "default", **_: Any) -> None:
    """Load the default policy as version 1 into a database that has none, after migrations."""
    if not PolicyVersion.objects.using(using).exists():
        PolicyVersion.objects.using(using).create(
            version=1, text=policy.default_text(), published_at=timezone.now()
        )
