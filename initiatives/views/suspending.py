"""The door to saying that what is suspended is really off."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from audit.refusals import Refused
from initiatives import actions
from initiatives.views.base import SignedIn, visible_initiative


class ConfirmOff(SignedIn):
    """It is off: one press of somebody who answers for it."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        initiative = visible_initiative(request, pk)
        try:
            actions.confirm_off(initiative=initiative, by=self.person, at=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, "Thank you: it is on record that it is off.")
        return HttpResponseRedirect(initiative.get_absolute_url())
