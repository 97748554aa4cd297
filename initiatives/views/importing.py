"""Doors to the import: a file is uploaded, understood, looked at and imported, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from audit.refusals import Refused
from initiatives import inventories, permissions
from initiatives.actions import uploads
from initiatives.forms.uploads import ColumnsForm, SourceForm, StartForm, UploadForm
from initiatives.importing import correcting
from initiatives.importing.mapping import Mapping
from initiatives.importing.parsing import Parsed
from initiatives.importing.sheets import Unreadable
from initiatives.inventories import Account
from initiatives.models import Upload
from initiatives.stages import Stage
from initiatives.views.base import ActionView, Button, SignedIn

STEPS = {"source": "Source", "columns": "Columns", "preview": "Preview", "import": "Import"}
LISTED = 20
LINES = 25
REMARKS = 50
SAMPLE = 10


def step_url(upload: Upload, step: str = "") -> str:
    address = reverse("initiatives:upload", args=[upload.pk])
    return f"{address}?step={step}" if step else address


def stepper(here: str, *, done: bool = False) -> list[dict[str, str]]:
    """The steps as `components/stepper.html` shows them."""
    names = ["file", *STEPS]
    place = names.index(here)
    labels = {"file": "File", **STEPS}
    states = ["done" if n < place or done else "ahead" for n in range(len(names))]
    if not done:
        states[place] = "current"
    return [{"label": labels[n], "state": s} for n, s in zip(names, states, strict=True)]


class LeadsOnly(SignedIn):
    """Pages that others are told are not theirs."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not permissions.may_declare(self.person):
            raise PermissionDenied("Only portfolio leads import inventories. Ask one of them.")
        return super().dispatch(request, *args, **kwargs)


class Import(LeadsOnly, ActionView):
    """Upload an inventory; what was uploaded before stands below."""

    form_class = UploadForm
    template_name = "initiatives/import.html"

    def act(self, form: forms.Form, at: datetime) -> None:
        assert isinstance(form, UploadForm)
        name = form.cleaned_data["file"].name
        self.upload = uploads.upload(content=form.content, name=name, by=self.person, at=at)

    def get_success_url(self) -> str:
        return step_url(self.upload, "source")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(inventories.uploads(), LISTED).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            page=page, uploads=[inventories.listed(upload) for upload in page], **kwargs
        )


class UploadPage(LeadsOnly):
    """One upload: the step asked for while it may be corrected, else what became of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        upload = get_object_or_404(Upload.objects.select_related("uploaded_by"), pk=pk)
        step = request.GET.get("step", "source" if upload.state == upload.State.UPLOADED else "")
        if upload.state in uploads.OPEN:
            return _STEPS.get(step, Outcome).as_view(upload=upload)(request)
        if request.method == "POST" and step in _STEPS:
            messages.info(request, "Its import had been started already.")
            return HttpResponseRedirect(step_url(upload))
        return Outcome.as_view(upload=upload)(request)

    post = get


class Discard(LeadsOnly, Button):
    """Delete a file that was never imported."""

    @cached_property
    def upload(self) -> Upload:
        return get_object_or_404(Upload, pk=self.kwargs["pk"])

    def act(self, at: datetime) -> None:
        uploads.discard(upload=self.upload, by=self.person, at=at)
        self.done = f"“{self.upload.name}” is discarded."

    def get_success_url(self) -> str:
        return reverse("initiatives:import")

    def get_refused_url(self) -> str:
        return step_url(self.upload)


class OfUpload(LeadsOnly):
    """A step of one upload; a file that cannot be read any more says so where it started."""

    upload: Upload = None  # type: ignore[assignment]
    step = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except Unreadable as trouble:
            messages.error(request, str(trouble))
            return HttpResponseRedirect(self.fallback())

    def fallback(self) -> str:
        return reverse("initiatives:import")

    @cached_property
    def opened(self) -> inventories.Opened:
        return inventories.opened(self.upload)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        base: Any = super()
        context: dict[str, Any] = base.get_context_data(
            upload=self.upload,
            steps=stepper(self.step),
            may_discard=self.upload.state in uploads.OPEN,
            **kwargs,
        )
        return context


class SourceStep(OfUpload, ActionView):
    """Whose inventory it is, which sheet, and whether it was understood before."""

    form_class = SourceForm
    template_name = "initiatives/import_source.html"
    step = "source"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"opened": self.opened}

    def get_initial(self) -> dict[str, Any]:
        return {"source": self.upload.source, "sheet": self.opened.sheet.name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sheet=self.opened.sheet, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        source, saved = form.cleaned_data["source"], form.cleaned_data.get("saved")
        sheet = form.cleaned_data.get("sheet", self.upload.sheet)
        self.upload = uploads.correct(
            upload=self.upload, source=source, sheet=sheet, by=self.person, at=at
        )
        if saved is not None:
            self._apply(Mapping(**saved.mapping), at)

    def _apply(self, mapping: Mapping, at: datetime) -> None:
        headers = inventories.opened(self.upload).sheet.headers
        fitting, missing = correcting.fitted(mapping, headers)
        uploads.correct(upload=self.upload, mapping=fitting, by=self.person, at=at)
        if missing:
            names = ", ".join(f"“{correcting.shortened(header)}”" for header in missing)
            messages.warning(self.request, f"The mapping names columns that are not here: {names}.")

    def get_success_url(self) -> str:
        return step_url(self.upload, "columns")


class ColumnsStep(OfUpload, ActionView):
    """Which column holds what, and what the values in it mean."""

    form_class = ColumnsForm
    template_name = "initiatives/import_columns.html"
    step = "columns"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"opened": self.opened, "today": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(sheet=self.opened.sheet, **kwargs)

    def act(self, form: forms.Form, at: datetime) -> None:
        assert isinstance(form, ColumnsForm)
        mapping = form.mapping()
        uploads.correct(upload=self.upload, mapping=mapping, by=self.person, at=at)
        if name := form.cleaned_data["save_as"]:
            uploads.save_mapping(name=name, mapping=mapping, by=self.person, at=at)
            messages.success(self.request, f"The mapping is saved as “{name}”.")

    def get_success_url(self) -> str:
        stays = self.request.POST.get("next") == "columns"
        return step_url(self.upload, "columns" if stays else "preview")


class PreviewStep(OfUpload, ActionView):
    """What the import would do, by doing it and taking it back; then the button."""

    template_name = "initiatives/import_preview.html"
    step = "preview"

    def fallback(self) -> str:
        return step_url(self.upload, "columns")

    @cached_property
    def parsed(self) -> Parsed:
        return inventories.parsed(self.upload, timezone.now())

    def get_form(self, form_class: Any = None) -> forms.Form:
        rejected = self.parsed.counts["rejected"]
        sent = self.request.POST if self.request.method == "POST" else None
        return StartForm(data=sent, rejected=rejected)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        result = uploads.rehearse(
            upload=self.upload, parsed=self.parsed, by=self.person, at=timezone.now()
        )
        return super().get_context_data(
            **told(result.as_json(), self.request), sample=list(self._sample()), **kwargs
        )

    def _sample(self) -> Iterator[dict[str, Any]]:
        for row in self.parsed.rows[:SAMPLE]:
            label = Stage(str(row.values["stage"])).label
            yield {"row": row, "values": row.values, "stage_label": label}

    def act(self, form: forms.Form, at: datetime) -> None:
        skip = form.cleaned_data["skip_rejected"]
        uploads.start(upload=self.upload, skip_rejected=skip, by=self.person, at=at)

    def get_success_url(self) -> str:
        return step_url(self.upload)


class Outcome(OfUpload, TemplateView):
    """How far the import is, and then what it did; the page asks again until there is news."""

    template_name = "initiatives/import_outcome.html"
    step = "import"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        state = self.upload.state
        is_news = request.GET.get("seen") != state or inventories.is_stuck(
            self.upload, timezone.now()
        )
        return super().get(request, *args, **kwargs) if is_news else HttpResponse(status=204)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        state, now = self.upload.state, timezone.now()
        context = super().get_context_data(
            is_under_way=state in inventories.UNDER_WAY,
            is_stuck=inventories.is_stuck(self.upload, now),
            started=inventories.started(self.upload),
            **kwargs,
        )
        if state == Upload.State.DONE:
            context["steps"] = stepper("import", done=True)
        if self.upload.result:
            context |= told(self.upload.result, self.request)
        return context

    def post(self, request: HttpRequest) -> HttpResponse:
        """Start it once more, after nobody finished it."""
        skip = self.upload.skip_rejected
        try:
            uploads.start(upload=self.upload, skip_rejected=skip, by=self.person, at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(step_url(self.upload))


_STEPS: dict[str, type[OfUpload]] = {
    view.step: view for view in (SourceStep, ColumnsStep, PreviewStep)
}


def told(result: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    """A result in the words of the page, its rejected cells a page at a time."""
    account: Account = inventories.account_of(result)
    cells: Sequence[inventories.Cell] = account.rejected
    page: Page[Any] = Paginator(cells, LINES).get_page(request.GET.get("page"))
    return {"account": account, "page": page, "remarks": account.remarks[:REMARKS]}
