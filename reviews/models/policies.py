"""Versions of the policy, and the draft of the next."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Person


class PolicyVersion(models.Model):
    """One published policy, as TOML; immutable, and pinned by every review opened under it."""

    version = models.PositiveIntegerField(unique=True)
    text = models.TextField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    drafted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-version",)

    def __str__(self) -> str:
        return f"Policy {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("policy:version", args=[self.version])


class PolicyDraft(models.Model):
    """What may become the next policy: begun from a version, changed by leads, published by a
    second one (product.md §7). Its text may be unfinished; `revision` counts how often it was
    saved, so that nobody publishes or overwrites what they have not read.
    """

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PUBLISHED = "published", "Published"
        DISCARDED = "discarded", "Discarded"

    based_on = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    notes = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    started_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    edited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    edited_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    published_as = models.OneToOneField(
        PolicyVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="open"), name="one_open_policy_draft"
            ),
            models.CheckConstraint(
                condition=Q(state="published", published_as__isnull=False)
                | (~Q(state="published") & Q(published_as=None)),
                name="a_published_draft_is_a_version",
            ),
        )

    def __str__(self) -> str:
        return f"Draft {self.pk} on policy {self.based_on_id}"
