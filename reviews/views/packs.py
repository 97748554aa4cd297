"""Doors to the decision pack of a review."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from initiatives.views.base import SignedIn
from reviews import actions
from reviews.packs import contents
from reviews.packs.contents import Pack
from reviews.views.review import visible_review


def _as_pdf(pack: Pack) -> bytes:
    from reviews.packs import paper  # its fonts are 20 MiB, which few workers ever need

    return paper.as_pdf(pack)


FORMS: dict[str, tuple[str, Callable[[Pack], bytes]]] = {
    "json": ("application/json", contents.as_json),
    "pdf": ("application/pdf", _as_pdf),
}


class DecisionPack(SignedIn):
    """One review as a file, for whoever may see it; recorded as every export is."""

    http_method_names = ("get",)  # whoever asks for the head alone takes nothing with them

    def get(self, request: HttpRequest, pk: int, form: str) -> HttpResponse:
        review = visible_review(request, pk)
        if form not in FORMS:
            raise Http404
        now = timezone.now()
        content_type, write = FORMS[form]
        content = write(actions.prepare_pack(review=review, at=now))
        actions.record_pack(review=review, form=form, content=content, by=self.person, at=now)
        response = HttpResponse(content, content_type=content_type)
        name = f"{review.initiative.reference}-{review.gate.replace('_', '-')}-{review.pk}.{form}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
