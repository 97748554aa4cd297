"""People and groups for administrators; every write goes through `accounts.actions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import actions
from accounts.authentication import person_of
from accounts.models import Group, Membership, Person
from audit.refusals import Refused

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
    BasePersonForm = ModelForm[Person]
else:  # not subscriptable when it runs
    Base = admin.ModelAdmin
    BasePersonForm = ModelForm

admin.site.site_header = "Gatehouse: people and units"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _each(request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object]) -> None:
    """Act on each chosen row; what is refused is said, and does not stop the others."""
    for row in rows:
        try:
            act(row)
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"Done: {row}.")


class WrittenByActions(Base):
    """What somebody did stays attributable, so nothing here is ever deleted, and every write is
    an action: it has its own transaction and its event, and what it refuses is said at its field,
    with all that was typed."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Answer without the transaction that Django puts around all of it: its rollback would
        take the event of a refusal along."""
        answer: Callable[..., HttpResponse] = self._changeform_view  # type: ignore[attr-defined]
        try:
            return answer(request, object_id, form_url, extra_context)
        except Refused as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return answer(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """The form; once an action has refused what it says, one that says so."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if not hasattr(request, "refusal"):
            return form
        refusal: Refused = request.refusal

        class RefusedForm(form):  # type: ignore[valid-type, misc]
            def clean(self) -> None:
                super().clean()
                field = refusal.field if refusal.field in self.fields else None
                self.add_error(field, refusal.message)

        return RefusedForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PersonForm(BasePersonForm):
    """A person as typed, with the address as it is stored, so that one who is there is found."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


@admin.register(Person)
class PersonAdmin(WrittenByActions):
    """Inviting, deactivating and reactivating people."""

    form = PersonForm
    list_display = ("name", "email", "title", "unit", "is_active", "is_invited")
    list_filter = ("is_active", "unit")
    list_select_related = ("unit",)
    search_fields = ("name", "email")
    fields = ("email", "name", "title", "unit", "is_active", "active_since")
    actions = ("deactivate", "reactivate")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (
            ("is_active", "active_since") if obj is None else ("email", "is_active", "active_since")
        )

    def save_model(
        self, request: HttpRequest, obj: Person, form: ModelForm[Person], change: bool
    ) -> None:
        """Invite a new person; they set their password by “Forgot password?”."""
        by, at = person_of(request), timezone.now()
        said: dict[str, Any] = {"name": obj.name, "title": obj.title, "unit": obj.unit}
        if change:
            actions.edit_person(person=obj, **said, by=by, at=at)
        else:
            obj.pk = actions.create_person(email=obj.email, **said, by=by, at=at).pk

    @admin.action(description="Deactivate: what they own is unowned at once")
    def deactivate(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        at = timezone.now()
        _each(request, people, lambda p: actions.deactivate(person=p, by=person_of(request), at=at))

    @admin.action(description="Reactivate: what they owned does not come back by itself")
    def reactivate(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        at = timezone.now()
        _each(request, people, lambda p: actions.reactivate(person=p, by=person_of(request), at=at))


@admin.register(Membership)
class MembershipAdmin(WrittenByActions):
    """Who signs for which group, and since when."""

    list_display = ("person", "group", "joined_at", "left_at")
    list_filter = ("group",)
    list_select_related = ("person", "group")
    fields = ("person", "group")
    actions = ("leave",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Membership, form: ModelForm[Membership], change: bool
    ) -> None:
        made = actions.join(
            person=obj.person, group=obj.group, by=person_of(request), at=timezone.now()
        )
        obj.pk = made.pk

    @admin.action(description="Leave the group")
    def leave(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        at, by = timezone.now(), person_of(request)
        _each(
            request,
            memberships.filter(left_at=None),
            lambda m: actions.leave(person=m.person, group=m.group, by=by, at=at),
        )


@admin.register(Group)
class GroupAdmin(WrittenByActions):
    """Groups that sign; the policy names them by key."""

    list_display = ("name", "key")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("key",)

    def save_model(
        self, request: HttpRequest, obj: Group, form: ModelForm[Group], change: bool
    ) -> None:
        made = actions.save_group(
            key=obj.key, name=obj.name, by=person_of(request), at=timezone.now()
        )
        obj.pk = made.pk
