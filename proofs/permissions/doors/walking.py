"""The addresses there are, from the resolver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from proofs.permissions.doors.naming import ABOUT, ASKED, OF, VARIANTS
from proofs.permissions.world import Target, World

OF_INITIATIVE = ("initiatives/<int:pk>/", "reviews/of/<int:pk>/")
ADMIN = "admin"
# Allauth's own: who may is decided by what they are about, and tests/accounts sees to them.
READ_ONLY = "account_"


@dataclass(frozen=True)
class Door:
    """One address, with what stands in it where one name has several meanings."""

    name: str
    route: str
    variant: str = ""
    parts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.name} {self.variant}".strip()

    @property
    def is_of_initiative(self) -> bool:
        return self.name in OF or self.route.startswith(OF_INITIATIVE)

    def address(self, target: Target, world: World) -> str | None:
        """The address for this target; None where it has nothing to be asked about."""
        kwargs: dict[str, Any] = {}
        if self.name in OF:
            found = OF[self.name](target.row, self.variant)
            if found is None:
                return None
            kwargs["pk"] = found.pk
        elif self.route.startswith(OF_INITIATIVE):
            kwargs["pk"] = target.row.pk
        about = ABOUT.get(self.name)
        more = about(target, world, self.variant) if about else {}
        if more is None:
            return None
        kwargs |= more
        if missing := [part for part in self.parts if part not in kwargs]:
            raise LookupError(
                f"{self.name} is about {', '.join(missing)}: say which in OF or ABOUT of "
                "proofs/permissions/doors/naming.py"
            )
        address = reverse(self.name, kwargs={part: kwargs[part] for part in self.parts})
        return address + ASKED.get(self.name, "")


def every() -> list[Door]:
    """All of them, from the resolver; the admin's are one block."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, route: str, namespace: str) -> Iterator[Door]:
    for pattern in resolver.url_patterns:
        path = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace == ADMIN:
                continue
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern, path, inner)
        else:
            yield from _variants(pattern, path, namespace)


def _variants(pattern: URLPattern, path: str, namespace: str) -> Iterator[Door]:
    name = f"{namespace}{pattern.name or path}"
    parts = tuple(pattern.pattern.converters) or tuple(
        getattr(pattern.pattern.regex, "groupindex", {})
    )
    for variant in VARIANTS.get(name, ("",)):
        yield Door(name, path, variant, parts)


def admin_addresses() -> list[str]:
    """The pages of the admin that need no object."""
    from django.contrib import admin

    models = [model._meta for model in admin.site._registry]
    pages = [
        f"{m.app_label}_{m.model_name}_{what}" for m in models for what in ("changelist", "add")
    ]
    return [reverse(f"admin:{name}") for name in ("index", *pages)]
