"""Form of where in chat somebody hears."""

from django import forms

from initiatives.forms.base import ActionForm


class ChannelForm(ActionForm):
    title = "Where in chat do you want to hear?"
    why = (
        "What is sent to you at once comes there beside the mail, or what else you choose. Make a "
        "webhook in Slack (an app with incoming webhooks) or in Teams (a workflow that posts what "
        "a webhook receives), and paste its address."
    )
    button = "Use it"

    url = forms.CharField(
        max_length=2000,
        label="Address of the webhook",
        help_text="It is kept encrypted, and not shown again.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
