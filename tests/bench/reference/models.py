"""One table with ten cells a row."""

from datetime import date

from django.db import models


class Row(models.Model):
    class Stage(models.TextChoices):
        PROPOSAL = "proposal", "Proposal"
        PILOT = "pilot", "Pilot"
        PRODUCTION = "production", "Production"

    name = models.CharField(max_length=300)
    unit = models.CharField(max_length=100)
    stage = models.CharField(max_length=20, choices=Stage.choices)
    owner = models.CharField(max_length=200)
    cost = models.DecimalField(max_digits=12, decimal_places=2)
    score = models.FloatField()
    due_date = models.DateField(db_index=True)
    touched_at = models.DateTimeField()
    is_open = models.BooleanField(default=True)
    claimed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"AI-{self.pk:04d}"

    def get_absolute_url(self) -> str:
        return f"/rows/{self.pk}/"

    def days(self) -> int:
        return (self.due_date - date(2026, 1, 1)).days
