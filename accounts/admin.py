"""People, groups and units for administrators; every write goes through `accounts.actions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from accounts import actions
from accounts.models import Group, Membership, Person, Unit
from audit.refusals import Refused

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin

admin.site.site_header = "Gatehouse: people and units"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _by(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)
    return request.user


def _each(request: HttpRequest, rows: QuerySet[Any], act: Callable[[Any], object]) -> None:
    """Act on each chosen row; what is refused is said, and does not stop the others."""
    for row in rows:
        try:
            act(row)
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"Done: {row}.")


class NothingIsDeleted(Base):
    """What somebody did stays attributable, so nothing here is ever deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(NothingIsDeleted):
    """Inviting, deactivating and reactivating people."""

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
        if change:
            obj.save(update_fields=["name", "title", "unit"])
            return
        made = actions.create_person(
            email=obj.email,
            name=obj.name,
            title=obj.title,
            unit=obj.unit,
            by=_by(request),
            at=timezone.now(),
        )
        obj.pk = made.pk

    @admin.action(description="Deactivate: what they own is unowned at once")
    def deactivate(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        at = timezone.now()
        _each(request, people, lambda p: actions.deactivate(person=p, by=_by(request), at=at))

    @admin.action(description="Reactivate: what they owned does not come back by itself")
    def reactivate(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        at = timezone.now()
        _each(request, people, lambda p: actions.reactivate(person=p, by=_by(request), at=at))


@admin.register(Membership)
class MembershipAdmin(NothingIsDeleted):
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
        made = actions.join(person=obj.person, group=obj.group, by=_by(request), at=timezone.now())
        obj.pk = made.pk

    @admin.action(description="Leave the group")
    def leave(self, request: HttpRequest, memberships: QuerySet[Membership]) -> None:
        at, by = timezone.now(), _by(request)
        _each(
            request,
            memberships.filter(left_at=None),
            lambda m: actions.leave(person=m.person, group=m.group, by=by, at=at),
        )


@admin.register(Group)
class GroupAdmin(NothingIsDeleted):
    """Groups that sign; the policy names them by key."""

    list_display = ("name", "key")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("key",)


@admin.register(Unit)
class UnitAdmin(NothingIsDeleted):
    """Business units and their heads."""

    list_display = ("name", "parent", "head")
    list_select_related = ("parent", "head")
    search_fields = ("name",)
