"""Opening a document."""

import logging

from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.generic import View

from accounts.authentication import person_of
from initiatives import documents
from initiatives.models import Document, Initiative

log = logging.getLogger(__name__)


class OpenDocument(View):
    """Hand out a file, to be saved and never shown in place; or go where the link leads."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        visible = Initiative.objects.visible_to(person_of(request))
        mine = Document.objects.filter(initiative__in=visible)
        document = get_object_or_404(mine.select_related("initiative"), pk=pk)
        if document.url:
            return HttpResponseRedirect(document.url)
        try:
            content = document.file.open("rb")
        except OSError:
            log.exception("The file of document %d cannot be read.", document.pk)
            context = {"document": document, "initiative": document.initiative}
            return render(request, "initiatives/document_missing.html", context, status=404)
        return FileResponse(
            content,
            as_attachment=True,
            filename=documents.saved_as(document),
            content_type=documents.content_type(document),  # or Django guesses one
            headers={"X-Content-Type-Options": "nosniff"},
        )
