"""My work, and who signs when I am away."""

from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from accounts import actions
from accounts.models import Person
from initiatives.views.base import ActionView
from portfolio.forms import DeputyForm
from portfolio.queries import work


class MyWork(TemplateView):
    """Signatures asked of me, questions to me, what I own, what was sent to me."""

    template_name = "portfolio/my_work.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Person)
        loaded = work.load(self.request.user, timezone.localdate())
        return super().get_context_data(work=loaded, **kwargs)


class Deputy(ActionView):
    """Name who signs in one's place, or nobody."""

    form_class = DeputyForm
    done = "Saved."

    def get_initial(self) -> dict[str, Any]:
        return {"deputy": self.person.deputy_id, "until": self.person.deputy_until}

    def act(self, form: forms.Form, at: datetime) -> None:
        actions.name_deputy(person=self.person, by=self.person, at=at, **form.cleaned_data)

    def get_success_url(self) -> str:
        return reverse("portfolio:my_work")
