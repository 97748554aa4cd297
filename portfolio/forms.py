"""Forms of what is one person's own."""

from initiatives.fields import Day, PersonChoice
from initiatives.forms.base import ActionForm


class DeputyForm(ActionForm):
    title = "Who signs when you are away?"
    why = (
        "They are asked whenever your signature is, and sign on your behalf; the record says so. "
        "They see what you see of the initiatives in which you hold a role. For a group its other "
        "members sign."
    )

    deputy = PersonChoice(required=False, label="Your deputy", empty_label="Nobody")
    until = Day(
        required=False, label="Until when?", help_text="Leave it empty until you change it."
    )
