"""Saying that something is done that one was asked to see to."""

from initiatives.fields import Text
from initiatives.forms.base import ActionForm


class ConfirmObligationForm(ActionForm):
    why = "Confirm it once it is done. It stays on record who confirmed it, and when."
    button = "It is done"

    comment = Text(
        rows=2,
        required=False,
        max_length=2000,
        label="How was it done?",
        help_text="For example: tried on 4 May with the night shift; the protocol is attached.",
    )
