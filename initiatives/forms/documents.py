"""Choosing, uploading and linking documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from initiatives import documents
from initiatives.documents import Offered
from initiatives.forms.base import ActionForm
from initiatives.models import Document, Initiative

ANY_KIND = f"Any kind, {documents.AT_MOST}."


class Upload(forms.FileField):
    """A file that can be kept."""

    widget = forms.FileInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        if data and (fault := documents.file_fault(data)):
            raise ValidationError(fault)
        return super().clean(data, initial)


class Link(forms.CharField):
    """An address on the web or the intranet; `https://` may be left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.URLInput(attrs={"placeholder": "https://"}), **kwargs)

    def clean(self, value: Any) -> str:
        url = documents.completed(super().clean(value))
        if url and (fault := documents.link_fault(url)):
            raise ValidationError(fault)
        return url


class DocumentForm(ActionForm):
    """A document for its own sake; answers can cite it later."""

    title = "Documents"
    why = "Files and links that show what an answer says. What is added here stays as it is."
    button = "Add it"
    file = Upload(required=False, label="A file", help_text=ANY_KIND)
    url = Link(required=False, label="Or a link")
    name = forms.CharField(
        required=False,
        max_length=documents.LONGEST_NAME,
        label="What shall it be called?",
        help_text="If you leave this blank: as the file is called, or as the link reads.",
    )

    @property
    def lost(self) -> str:
        return _lost(self.files.get("file")) if self.errors else ""


def _lost(file: Any) -> str:
    """The name of a good file that has to be chosen again: browsers do not keep it in a form."""
    is_good = isinstance(file, UploadedFile) and not documents.file_fault(file)
    return str(file.name) if is_good else ""


@dataclass(frozen=True)
class Posted:
    """What came with the form: the choice, the file, and the link as it was typed."""

    chosen: str = ""
    file: Any = None
    url: str = ""


class DocumentInput(forms.Widget):
    """A choice among what is here, a file and a link: `<name>`, `<name>-file`, `<name>-url`."""

    use_fieldset = True
    needs_multipart_form = True

    def __init__(self) -> None:
        super().__init__()
        self.choices: list[tuple[str, str]] = []
        self.current: Any = None

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        posted = value if isinstance(value, Posted) else Posted()
        given = self.build_attrs(self.attrs, attrs)
        context = {
            "name": name,
            "id": given.get("id", f"id_{name}"),
            "is_invalid": "is-invalid" in given.get("class", ""),
            "choices": self.choices,
            "current": documents.cited(self.current) if self.current else None,
            "posted": posted,
            "lost": _lost(posted.file),
            "at_most": ANY_KIND,
        }
        return render_to_string("initiatives/_document_input.html", context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Posted:
        chosen, url = data.get(name, ""), data.get(f"{name}-url", "")
        return Posted(chosen, files.get(f"{name}-file"), url)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""  # each of the three has a label of its own


class DocumentChoice(forms.Field):
    """What an answer cites: `Offered`, the link of old that stands there, or None."""

    widget: DocumentInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DocumentInput(), **kwargs)
        self.file, self.url = Upload(required=False), Link(required=False)

    def offer(self, initiative: Initiative, current: Any) -> None:
        """Let people choose among the initiative's documents, and keep what stands there."""
        rows = Document.objects.filter(initiative=initiative)
        choices = [(str(row.pk), row.name) for row in rows]
        if isinstance(current, str) and current:
            choices.append((current, current))
        self.widget.choices, self.widget.current = choices, current

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Posted) or not value:
            return value
        return Posted(chosen=str(documents.cited_id(value) or value))

    def clean(self, value: Posted) -> Any:
        file, url = self.file.clean(value.file), self.url.clean(value.url)
        stands = self.prepare_value(self.widget.current)
        if file and url:
            raise ValidationError("Give a file or a link, not both.")
        if not (file or url):
            return self._chosen(value.chosen)
        if value.chosen and (not stands or value.chosen != stands.chosen):
            raise ValidationError("Choose a document that is here, or give a new one, not both.")
        return Offered(file=file or None, url=url)

    def _chosen(self, chosen: str) -> Any:
        if not chosen:
            return None
        if chosen not in dict(self.widget.choices):
            raise ValidationError("Choose one of the documents in the list, or give a new one.")
        return chosen if chosen == self.widget.current else Offered(document=int(chosen))
