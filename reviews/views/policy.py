"""Doors to the policy: reading it, its versions and their differences, and its draft."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.generic import TemplateView, View

from accounts.models import Person
from audit.refusals import Refused
from initiatives.views.base import ActionView, Button, SignedIn
from reviews import actions, drafts, permissions, queries, sheets
from reviews.models import PolicyDraft, PolicyVersion
from reviews.policy import differences
from reviews.policy_forms import DiscardForm, ImportForm, PublishForm, TextForm

TOML = "application/toml; charset=utf-8"


def as_file(text: str, name: str) -> HttpResponse:
    """The policy's text to be saved, with its comments."""
    response = HttpResponse(text, content_type=TOML)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class ReadPolicy(SignedIn, TemplateView):
    """A version as people read it, the one in force unless another is named; and all versions."""

    template_name = "reviews/policy/version.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.person
        versions = list(PolicyVersion.objects.select_related("published_by", "drafted_by"))
        wanted = self.kwargs.get("version", versions[0].version)
        shown = next((row for row in versions if row.version == wanted), None)
        if shown is None:
            raise Http404
        may_read = permissions.may_read_draft(person)
        return super().get_context_data(**kwargs) | {
            "version": shown,
            "in_force": versions[0],
            "versions": versions,
            "sheet": sheets.of(queries.parsed(shown)),
            "draft": drafts.open_draft() if may_read else None,
            "may_change": permissions.may_change_policy(person),
        }


class PolicyText(View):
    """A version as the file it was published from."""

    def get(self, request: HttpRequest, version: int) -> HttpResponse:
        row = get_object_or_404(PolicyVersion, version=version)
        return as_file(row.text, f"policy-{version}.toml")


class Difference(TemplateView):
    """What a version says that another did not, in words."""

    template_name = "reviews/policy/difference.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = list(PolicyVersion.objects.order_by("version"))
        numbers = {row.version: row for row in versions}
        before = numbers.get(self._number("before", self.kwargs.get("before")))
        after = numbers.get(self._number("after", self.kwargs.get("after")))
        if before is None or after is None:
            raise Http404
        found = differences.between(queries.parsed(before), queries.parsed(after))
        return super().get_context_data(**kwargs) | {
            "before": before,
            "after": after,
            "versions": versions,
            "sections": found,
        }

    def _number(self, name: str, default: int | None) -> int:
        """What was chosen in the page's form, else what the address says."""
        asked = self.request.GET.get(name, "")
        return int(asked) if asked.isdecimal() and len(asked) < 9 else default or 0


# ── The draft ──


class OfDraft(SignedIn):
    """A page about the open draft, for those who may read it; without one, to the policy.

    What is sent goes on to its action, which refuses and records it.
    """

    looked: drafts.Looked

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" and not self.may_open(self.person):
            raise PermissionDenied
        found = drafts.looked_at()
        if found is None:
            messages.info(request, "There is no draft now.")
            return HttpResponseRedirect(reverse("policy:current"))
        self.looked = found
        return super().dispatch(request, *args, **kwargs)

    def may_open(self, person: Person) -> bool:
        return permissions.may_read_draft(person)


class DraftPage(OfDraft, TemplateView):
    """The draft: what is wrong with it, what it changes, and what to do with it next."""

    template_name = "reviews/policy/draft.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person, looked = self.person, self.looked
        held = {"revision": looked.draft.revision}
        kwargs.setdefault("publish_form", PublishForm(initial=held))
        kwargs.setdefault("import_form", ImportForm(initial=held))
        kwargs.setdefault("discard_form", DiscardForm(initial=held))
        return super().get_context_data(
            looked=looked,
            draft=looked.draft,
            sections=looked.differences,
            bar=looked.bar_to_publishing(person),
            may_change=permissions.may_change_policy(person),
            **kwargs,
        )


class ReadDraft(OfDraft, TemplateView):
    """The draft as the page that it would be."""

    template_name = "reviews/policy/version.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.looked.policy is None:
            return HttpResponseRedirect(reverse("policy:draft"))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert self.looked.policy is not None
        sheet = sheets.of(self.looked.policy)
        return super().get_context_data(sheet=sheet, is_draft=True, **kwargs)


class DraftText(OfDraft):
    """The draft as a file."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return as_file(self.looked.draft.text, "policy-draft.toml")


class StartDraft(Button):
    """Begin a draft, and go to it; one that is open already is as good."""

    is_open = True

    def act(self, at: datetime) -> None:
        actions.start_draft(by=self.person, at=at)

    def refused(self, refusal: Refused) -> HttpResponse:
        self.is_open = refusal.rule == "draft_open"
        return super().refused(refusal)

    def get_success_url(self) -> str:
        return reverse("policy:draft" if self.is_open else "policy:current")


class EditDraft(OfDraft, ActionView):
    """A form that changes the draft, for leads."""

    def may_open(self, person: Person) -> bool:
        return permissions.may_change_policy(person)

    def require_lead(self) -> None:
        """What is refused is said to leads alone: others would read the draft with it."""
        if not permissions.may_change_policy(self.person):
            raise PermissionDenied

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        self.require_lead()
        return super().form_invalid(form)

    def refused(self, form: forms.Form, refusal: Refused) -> HttpResponse:
        """After somebody else's change what was typed stays, beside the draft as it is now."""
        if refusal.rule == "overtaken":
            sent = self.request.POST.copy()
            sent["revision"] = str(self.draft.revision)
            form.data = sent
        response = super().refused(form, refusal)
        if refusal.rule in ("overtaken", "closed"):
            response.status_code = 409
        return response

    @property
    def draft(self) -> PolicyDraft:
        return self.looked.draft

    def get_initial(self) -> dict[str, Any]:
        return {"revision": self.draft.revision}

    def save(self, form: forms.Form, text: str, at: datetime, **more: Any) -> None:
        actions.save_draft(
            draft=self.draft,
            revision=form.cleaned_data["revision"],
            text=text,
            by=self.person,
            at=at,
            **more,
        )

    def get_success_url(self) -> str:
        return reverse("policy:draft")


def say_saved(request: HttpRequest) -> int:
    """Say that the draft was saved, and how many things are wrong with it."""
    now = drafts.looked_at()
    problems = len(now.problems) if now else 0
    if problems:
        words = "thing is" if problems == 1 else "things are"
        messages.warning(request, f"Saved. {problems} {words} wrong with it.")
    else:
        messages.success(request, "Saved. Nothing is wrong with it.")
    return problems


class EditText(EditDraft):
    """The whole text. What was typed is kept, and everything that is wrong with it is listed."""

    form_class = TextForm
    template_name = "reviews/policy/edit_text.html"

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"text": self.draft.text, "notes": self.draft.notes}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(draft=self.draft, problems=self.looked.problems, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        self.save(form, form.cleaned_data["text"], at, notes=form.cleaned_data["notes"])
        self.problems = say_saved(self.request)

    def get_success_url(self) -> str:
        """Back to the text while something is wrong with it."""
        return reverse("policy:edit_text") if self.problems else super().get_success_url()


class OnDraftPage(EditDraft):
    """A form that stands on the draft's own page: what is refused is said there."""

    http_method_names = ("post",)
    called = "form"

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        self.require_lead()
        page = DraftPage()
        page.setup(self.request)
        page.looked = self.looked
        response = page.render_to_response(page.get_context_data(**{self.called: form}))
        response.status_code = 422
        return response


class ImportText(OnDraftPage):
    """A file that becomes the draft's text."""

    form_class = ImportForm
    called = "import_form"
    done = "The file's text is in the draft."

    def act(self, form: forms.Form, at: datetime) -> None:
        self.save(form, form.cleaned_data["file"], at, imported=True)


class Discard(OnDraftPage):
    """Give the draft up."""

    form_class = DiscardForm
    called = "discard_form"
    done = "The draft is discarded."

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.discard_draft(draft=self.draft, by=self.person, at=at, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("policy:current")


class Publish(OnDraftPage):
    """Make the draft the next version."""

    form_class = PublishForm
    called = "publish_form"

    def act(self, form: forms.Form, at: datetime) -> None:
        version = actions.publish_draft(
            draft=self.draft, by=self.person, at=at, **form.cleaned_data
        )
        messages.success(
            self.request, f"Policy version {version.version} is in force. Open reviews keep theirs."
        )

    def get_success_url(self) -> str:
        return reverse("policy:current")
