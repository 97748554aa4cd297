"""Reads about drafts of the policy: what is wrong with one, and what it would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q

from accounts.models import Group, Person
from audit.refusals import Refused
from initiatives.stages import Gate
from reviews import gates, permissions, policy, queries
from reviews.models import PolicyDraft, PolicyVersion
from reviews.policy import InvalidPolicy, Policy, differences


def read_draft(text: str, *, version: int) -> Policy:
    """A text as the policy that it would be; raises InvalidPolicy with all that is wrong."""
    groups = Group.objects.values_list("key", flat=True)
    return policy.parse(text, version=version, checks=gates.CHECKS.keys(), groups=set(groups))


def require_valid(text: str, *, version: int) -> None:
    """Refuse a text that is no policy, with everything that is wrong with it."""
    try:
        read_draft(text, version=version)
    except policy.InvalidPolicy as invalid:
        count = len(invalid.problems)
        raise Refused(
            f"{count} {'thing is' if count == 1 else 'things are'} wrong with this draft: mend "
            f"{'it' if count == 1 else 'them'} first.",
            rule="invalid",
            detail={"problems": invalid.problems},
        ) from invalid


def open_draft() -> PolicyDraft | None:
    """The draft that leads are at work on, if there is one."""
    drafts = PolicyDraft.objects.filter(state=PolicyDraft.State.OPEN)
    return drafts.select_related("based_on", "started_by", "edited_by").first()


def shortages(read: Policy) -> list[str]:
    """Signatures that nobody could give today, for want of people; it may be published all the
    same, since groups are filled later."""
    active = Q(memberships__left_at=None, memberships__person__is_active=True)
    members = Group.objects.annotate(active=Count("memberships", filter=active))
    return list(_short(read, {group.key: (group.name, group.active) for group in members}))


def _short(read: Policy, members: dict[str, tuple[str, int]]) -> Iterator[str]:
    for gate in read.gates.values():
        for slot in gate.slots:
            name, count = members.get(slot.group or "", ("", 0))
            if slot.group is not None and count < slot.quorum:
                have = "nobody active" if not count else f"{count} active"
                yield (
                    f"{Gate(gate.key).label} gate, slot {slot.key}: {slot.quorum} of {name} have "
                    f"to sign, and the group has {have}."
                )


@dataclass(frozen=True)
class Looked:
    """A draft as it was read: the policy that it would be, or what is wrong with it."""

    draft: PolicyDraft
    in_force: PolicyVersion

    @cached_property
    def _read(self) -> Policy | InvalidPolicy:
        try:
            return read_draft(self.draft.text, version=self.in_force.version + 1)
        except InvalidPolicy as invalid:
            return invalid

    @property
    def policy(self) -> Policy | None:
        return None if isinstance(self._read, InvalidPolicy) else self._read

    @property
    def problems(self) -> list[str]:
        return self._read.problems if isinstance(self._read, InvalidPolicy) else []

    @cached_property
    def shortages(self) -> list[str]:
        return shortages(self.policy) if self.policy else []

    @cached_property
    def differences(self) -> list[differences.Section]:
        """Against the version in force, whichever the draft began from."""
        if self.policy is None:
            return []
        return differences.between(queries.parsed(self.in_force), self.policy)

    @property
    def is_behind(self) -> bool:
        """Another version was published since it was begun."""
        return self.draft.based_on_id != self.in_force.pk

    @property
    def changes_nothing(self) -> bool:
        return self.draft.text == self.in_force.text

    def bar_to_publishing(self, person: Person) -> str | None:
        """Why this person may not publish it, or None; the action refuses by the same rules."""
        if not permissions.may_change_policy(person):
            return "Only portfolio leads draft and publish policies."
        if self.problems:
            return "What is wrong with it has to be mended first."
        if self.changes_nothing:
            return f"It says what version {self.in_force.version} says."
        if self.draft.edited_by_id == person.pk:
            return (
                "You changed this draft last. A second portfolio lead has to read and publish it."
            )
        return None


def looked_at() -> Looked | None:
    """The open draft beside the version in force."""
    draft = open_draft()
    return Looked(draft, queries.current_version()) if draft else None
