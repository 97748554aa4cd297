"""The policy in force, the versions that reviews pinned, and what they ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import JSONField, Subquery
from django.db.models.functions import MD5, JSONObject

from initiatives.models import Initiative
from reviews import policy
from reviews.models import PolicyVersion, Review
from reviews.policy import Criterion, Policy


@lru_cache(maxsize=32)
def _parsed(version: int, text: str) -> Policy:
    return policy.published(text, version=version)


def parsed(row: PolicyVersion) -> Policy:
    """A published version, read once per process: it never changes."""
    return _parsed(row.version, row.text)


@lru_cache(maxsize=32)
def _published(version: int, digest: str) -> Policy:
    return parsed(PolicyVersion.objects.get(version=version))


def policy_in_force() -> Subquery:
    """Annotate any row with the name of the policy in force, which `policy_named` reads."""
    newest = PolicyVersion.objects.order_by("-version").annotate(digest=MD5("text"))
    return Subquery(
        newest.values(named=JSONObject(version="version", digest="digest"))[:1],
        output_field=JSONField(),
    )


def policy_named(name: Mapping[str, Any]) -> Policy:
    """The policy of this name; asked for once per process, since a published one never changes."""
    return _published(name["version"], name["digest"])


def current_version() -> PolicyVersion:
    """The policy that new reviews are opened under."""
    return PolicyVersion.objects.latest("version")


def version_in_force() -> dict[str, Subquery]:
    """Annotate any row with the number of the version in force, and since when it is."""
    newest = PolicyVersion.objects.order_by("-version")
    return {
        "in_force": Subquery(newest.values("version")[:1]),
        "in_force_since": Subquery(newest.values("published_at")[:1]),
    }


def current_policy() -> Policy:
    return parsed(current_version())


def policies_of(initiative: Initiative) -> list[Policy]:
    """What it goes by: the versions that its open reviews pinned, then the one in force."""
    pinned = PolicyVersion.objects.filter(
        pk__in=Review.objects.open().filter(initiative=initiative).values("policy")
    )
    in_force = current_version()
    rows = {row.version: row for row in (*pinned.order_by("version"), in_force)}
    return [parsed(row) for row in rows.values()]


def criterion(key: str, initiative: Initiative | None = None) -> Criterion | None:
    """What is asked by this key; where gates differ, what people can say something to.

    Of an initiative under review it is what its review goes by, however newer versions ask it.
    """
    policies = policies_of(initiative) if initiative else [current_policy()]
    for asked in policies:
        of_all = (c for gate in asked.gates.values() for c in gate.criteria)
        found = [c for c in of_all if c.key == key]
        if found:
            return min(found, key=lambda c: (not c.is_answered, c.mandatory))
    return None


def asked_before(keys: Collection[str]) -> list[Criterion]:
    """What earlier versions asked by these keys, each as the last of them did; for answers that
    stay when a policy no longer asks for them."""
    found: dict[str, Criterion] = {}
    for row in PolicyVersion.objects.order_by("-version") if keys else ():
        for gate in parsed(row).gates.values():
            found |= {c.key: c for c in gate.criteria if c.key in keys and c.key not in found}
    return list(found.values())


def titles() -> dict[str, str]:
    """What the current policy calls each criterion that takes an answer, by key."""
    gates_of = current_policy().gates.values()
    return {c.key: c.title for gate in gates_of for c in gate.criteria if c.takes_an_answer}
