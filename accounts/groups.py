"""The groups every installation has; an organisation may add signing groups of its own."""

from typing import Any

from accounts.models import Group

STANDARD = {
    Group.SECURITY: "Security",
    Group.COMPLIANCE: "Legal & compliance",
    Group.FINANCE: "Finance",
    Group.OPERATIONS: "Operations",
    Group.LEADS: "Portfolio leads",
    Group.AUDITORS: "Auditors",
    Group.ADMINISTRATORS: "Administrators",
}


def ensure(using: str = "default", **_: Any) -> None:
    """Create the standard groups that are missing; runs after every migration."""
    present = set(Group.objects.using(using).values_list("key", flat=True))
    Group.objects.using(using).bulk_create(
        Group(key=key, name=name) for key, name in STANDARD.items() if key not in present
    )
