from __future__ import annotations

from django.db import models


class Event(models.Model):
    """Something that happened, said once and never changed; triggers refuse anything else."""

    seq = models.BigIntegerField(primary_key=True)
    payload = models.TextField()
    prev = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)
    key_id = models.CharField(max_length=8)
    # Look-up columns: copies of what the payload says, compared with it by verification.
    at = models.DateTimeField()
    kind = models.CharField(max_length=80)
    subject = models.CharField(max_length=80)
    initiative_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)

    # No unique column besides seq: INSERT OR REPLACE would delete through it on SQLite.
    class Meta:
        indexes = (
            models.Index(fields=["initiative_id", "seq"], name="audit_event_of_initiative"),
            models.Index(fields=["kind", "seq"], name="audit_event_of_kind"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(seq__gte=1), name="audit_event_counts_from_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} {self.subject}"


class Head(models.Model):
    """The last event's seq and hash: one row, whose lock puts appends in order."""

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="audit_head_is_one_row"),
        )

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


class Text(models.Model):
    """Free text or a name that an event mentions; only words, salt and erased_at may change."""

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=32, blank=True)
    words = models.TextField(blank=True)
    event_seq = models.BigIntegerField(db_index=True)
    erased_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"text {self.id} of event {self.event_seq}"
