"""What was recorded for a gate: answers to criteria, documents, and money spent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Person
from initiatives.models.registry import Initiative


class Evidence(models.Model):
    """The answer to one criterion. The key is opaque here: the policy knows what it asks.

    A person named in an answer is an `Ownership` with the role `<criterion>.<field>`; `fields`
    never holds one.
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="evidence")
    criterion = models.SlugField(max_length=60)
    fields = models.JSONField(default=dict)
    not_applicable_because = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["initiative", "criterion"], name="a_criterion_is_answered_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.criterion} of {self.initiative_id}"


class Document(models.Model):
    """A file or a link that shows what an answer says; one may stand behind several answers.

    A file is stored once, under its SHA-256, and never changes; a link has none.
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="documents")
    name = models.CharField(max_length=300)
    file = models.FileField(upload_to="documents/", max_length=300, blank=True)
    url = models.URLField(max_length=2000, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(url="") & ~Q(sha256="") | ~Q(url="") & Q(sha256=""),
                name="a_document_is_a_file_or_a_link",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Spend(models.Model):
    """Money spent, in whole units of the organisation's currency, or an estimate of it."""

    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="spend")
    amount = models.BigIntegerField()
    spent_on = models.DateField()
    is_estimate = models.BooleanField(default=False)
    comment = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("spent_on", "pk")
        constraints = (models.CheckConstraint(condition=~Q(amount=0), name="spend_is_not_zero"),)

    def __str__(self) -> str:
        return f"{self.amount:,} on {self.spent_on}"
