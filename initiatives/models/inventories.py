"""Inventories: files on their way in, how they were understood, and the rows that came of them."""

from __future__ import annotations

from django.db import models

from accounts.models import Person
from initiatives.models.registry import Initiative


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


class ImportedRow(models.Model):
    """The row of an inventory an initiative came from, kept as it was read.

    `values` is what the file said last time: the base of the three-way comparison with what
    stands here and what a newer edition says.
    """

    initiative = models.OneToOneField(
        Initiative, on_delete=models.PROTECT, related_name="imported_row"
    )
    source = models.CharField(max_length=300)
    identity = models.CharField(max_length=700)
    values = models.JSONField()
    original = models.JSONField()
    row_number = models.PositiveIntegerField()
    file_name = models.CharField(max_length=300)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "identity"], name="a_row_of_a_source_is_imported_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.source} {self.identity}"
