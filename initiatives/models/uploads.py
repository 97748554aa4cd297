"""Inventories on their way in through the browser, and how their columns were understood."""

from __future__ import annotations

from django.db import models

from accounts.models import Person


class Upload(models.Model):
    """A file that somebody uploaded to import: how it is read, and what became of it.

    `mapping` is what a person corrected, as `--mapping` of the command reads it; `result` what the
    import did, as `--json` of the command prints it.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Uploaded"
        WAITING = "waiting", "Waiting to be imported"
        IMPORTING = "importing", "Being imported"
        DONE = "done", "Imported"
        FAILED = "failed", "Not imported"

    file = models.FileField(upload_to="inventories/", max_length=300)
    name = models.CharField(max_length=300)
    source = models.CharField(max_length=300, blank=True)
    sheet = models.CharField(max_length=300, blank=True)
    mapping = models.JSONField(default=dict)
    skip_rejected = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    result = models.JSONField(null=True)
    problem = models.TextField(blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-uploaded_at",)

    def __str__(self) -> str:
        return self.name


class SavedMapping(models.Model):
    """How the columns and values of a kind of file were understood, by name, for the next one."""

    name = models.CharField(max_length=200, unique=True)
    mapping = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
