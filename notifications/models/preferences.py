"""How often people want to hear of what."""

from __future__ import annotations

from django.db import models

from accounts.models import Person
from notifications.preferences import TOPICS, Channel, Pace


class Preference(models.Model):
    """The pace that a person chose for a topic on a channel; kept only where it differs from what
    holds without a choice."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=20)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    pace = models.CharField(max_length=10, choices=Pace.choices)

    class Meta:
        ordering = ("person", "topic")
        constraints = (
            models.UniqueConstraint(
                fields=["person", "topic", "channel"],
                name="a_person_chooses_one_pace_for_a_topic_and_channel",
            ),
        )

    def __str__(self) -> str:
        return f"{self.topic} {self.pace} for {self.person_id}"

    @property
    def title(self) -> str:
        return TOPICS[self.topic].title
