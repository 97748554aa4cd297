"""Form of what can wait."""

from initiatives.fields import Day, Text
from initiatives.forms.base import ActionForm
from notifications.actions.snoozing import LONGEST


class SnoozeForm(ActionForm):
    title = "Can it wait?"
    why = (
        "Nobody is reminded of it until then. It stays where it is shown, with your name and your "
        "reason, and nothing that is due moves."
    )
    button = "Snooze"

    until = Day(
        label="Until the end of which day?",
        help_text=f"{LONGEST.days} days at most. It ends sooner when it becomes critical.",
    )
    reason = Text(
        rows=2,
        max_length=1000,
        label="Why can it wait?",
        help_text="Everybody who sees it reads this. For example: the new owner starts on Monday.",
    )
