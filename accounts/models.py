"""Who: people, the groups they sign for, and the units they belong to."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.urls import reverse
from django.utils import timezone


class Unit(models.Model):
    """A business unit; units form a tree, and a unit's head hears what its members leave unsaid."""

    name = models.CharField(max_length=300)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    head = models.ForeignKey(
        "Person", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["name"], name="a_unit_has_a_name_of_its_own"),
        )

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    """Makes people; an e-mail address is stored in lower case, so that it is found as typed."""

    def create_user(
        self, email: str, name: str, password: str | None = None, **more: Any
    ) -> Person:
        """Create somebody who can sign in, or, without a password, an invited person."""
        person = self.model(email=email.strip().lower(), name=name.strip(), **more)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email=(username or "").strip().lower())

    def with_group_keys(self, pk: int) -> Person | None:
        """Load a person and the keys of their groups in one query: a row for each membership."""
        current = FilteredRelation("memberships", condition=Q(memberships__left_at=None))
        rows = list(
            self.filter(pk=pk)
            .annotate(current=current)
            .annotate(group_key=F("current__group__key"))
            .order_by()
        )
        if not rows:
            return None
        keys = (row.group_key for row in rows)
        rows[0]._group_keys = frozenset(key for key in keys if key)
        return rows[0]


class Person(AbstractBaseUser):
    """Somebody who owns, signs, decides or is only known by e-mail (*invited*, without password).

    `active_since` moves when a person is reactivated: what they had accepted before does not
    come back to them silently (`Ownership.counts`). `inactive_since` is when they were last
    deactivated; by raw SQL, when the sweep first saw it. `leaves_on` is their last day, where it is
    known ahead: they are active until the sweep deactivates them on the day after. A `deputy` may
    sign in their place, until `deputy_until` where that is said.
    """

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    title = models.CharField(
        max_length=200, blank=True, help_text="What they do, as colleagues say"
    )
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.SET_NULL, related_name="people"
    )
    is_active = models.BooleanField(default=True)
    active_since = models.DateTimeField(default=timezone.now)
    inactive_since = models.DateTimeField(null=True, blank=True)
    leaves_on = models.DateField(null=True, blank=True)
    invited_at = models.DateTimeField(null=True, blank=True)
    deputy = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    deputy_until = models.DateField(null=True, blank=True)

    objects: ClassVar[PersonManager] = PersonManager()
    _group_keys: frozenset[str] | None = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name", "pk")
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("people:detail", args=[self.pk])

    @property
    def is_leaving(self) -> bool:
        """Still here, and their last day is known."""
        return self.is_active and self.leaves_on is not None

    @property
    def is_invited(self) -> bool:
        """Known by e-mail, without an account yet."""
        return not self.has_usable_password()

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"

    @property
    def group_keys(self) -> frozenset[str]:
        """Keys of the groups this person is in now; looked up once per loaded person."""
        if self._group_keys is None:
            rows = Membership.objects.filter(person=self, left_at=None)
            self._group_keys = frozenset(rows.values_list("group__key", flat=True))
        return self._group_keys

    def has_deputy_on(self, day: date) -> bool:
        """Whether somebody may sign for them on this day, which the last one includes."""
        return self.deputy_id is not None and not (self.deputy_until and self.deputy_until < day)

    # What Django's admin asks; who may do what is in each app's permissions.
    @property
    def is_staff(self) -> bool:
        return self.is_active and Group.ADMINISTRATORS in self.group_keys

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Group(models.Model):
    """People who sign, see or administer together; the policy's group slots name one by key."""

    SECURITY = "security"
    COMPLIANCE = "compliance"
    FINANCE = "finance"
    OPERATIONS = "operations"
    LEADS = "leads"
    AUDITORS = "auditors"
    ADMINISTRATORS = "administrators"

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    members = models.ManyToManyField(
        Person, through="Membership", through_fields=("group", "person"), related_name="+"
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in a group from a moment until a moment; the past is kept, because a signature
    given for a group asks since when its signer was in it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person", "group"],
                condition=Q(left_at=None),
                name="a_person_is_in_a_group_once",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("joined_at")),
                name="a_membership_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} in {self.group}"


class SignIn(models.Model):
    """One authentication: who, by which method, when."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sign_ins")
    method = models.CharField(max_length=40)
    signed_in_at = models.DateTimeField()

    class Meta:
        ordering = ("-signed_in_at",)

    def __str__(self) -> str:
        return f"{self.person} by {self.method} at {self.signed_in_at:%Y-%m-%d %H:%M}"
