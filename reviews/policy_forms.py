"""Forms of the policy: its text, a file that replaces it, and the reason to publish it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from initiatives.fields import Text
from initiatives.forms.base import ActionForm
from reviews.actions.policies import LONGEST

TOO_LARGE = 2_000_000  # bytes of a file, before it is read


class TextForm(ActionForm):
    """The whole policy as TOML; kept as it was typed, finished or not."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(
        label="The policy as TOML",
        strip=False,
        max_length=LONGEST,
        widget=forms.Textarea(
            attrs={"rows": 32, "class": "gh-source", "spellcheck": "false", "wrap": "off"}
        ),
    )
    notes = Text(
        rows=2,
        required=False,
        max_length=4_000,
        label="What is this draft about?",
        help_text="For whoever reads and publishes it.",
    )


class ImportForm(ActionForm):
    """A file that becomes the draft's text."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    file = forms.FileField(
        label="TOML file",
        error_messages={"required": "Choose a file."},
        help_text="It replaces the text of this draft, which is kept if the file is not text.",
        widget=forms.ClearableFileInput(attrs={"accept": ".toml,text/plain,application/toml"}),
    )

    def clean_file(self) -> str:
        """The file's text; what is wrong with it as a policy is said on the draft's page."""
        file: Any = self.cleaned_data["file"]
        if file.size > TOO_LARGE:
            raise ValidationError("This file is too large to be a policy. Choose another.")
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValidationError(
                f"This is not UTF-8 text: byte {error.start + 1:,} cannot be read. Save it as "
                "UTF-8, or choose another file."
            ) from error


class PublishForm(ActionForm):
    """Why this is to be in force."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    reason = Text(
        rows=2,
        required=False,
        max_length=4_000,
        label="Why is it to be in force?",
        help_text="Everybody reads this beside the version.",
    )


class DiscardForm(ActionForm):
    """Which draft is given up."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
