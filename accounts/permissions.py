"""Who may, as far as groups alone decide it (product.md §7)."""

from typing import TypeGuard

from django.contrib.auth.models import AnonymousUser

from accounts.models import Group, Person


def is_somebody(person: Person | AnonymousUser | None) -> TypeGuard[Person]:
    return isinstance(person, Person) and person.is_active


def is_lead(person: Person) -> bool:
    return person.is_active and Group.LEADS in person.group_keys


def is_auditor(person: Person) -> bool:
    return person.is_active and Group.AUDITORS in person.group_keys


def sees_everything(person: Person) -> bool:
    """Also initiatives that are restricted."""
    return is_lead(person) or is_auditor(person)


def is_compliance(person: Person) -> bool:
    return person.is_active and Group.COMPLIANCE in person.group_keys


def is_security(person: Person) -> bool:
    return person.is_active and Group.SECURITY in person.group_keys


def is_administrator(person: Person) -> bool:
    return person.is_active and Group.ADMINISTRATORS in person.group_keys


def may_manage_people(person: Person) -> bool:
    return is_administrator(person)


def may_record_leaving(by: Person, person: Person) -> bool:
    """Whoever knows of it first: the person, the head of their unit, or an administrator."""
    is_head = by.is_active and person.unit is not None and person.unit.head_id == by.pk
    return is_head or (by.is_active and by.pk == person.pk) or is_administrator(by)


def may_invite(person: Person, email: str) -> bool:
    """Leads invite whom they like; everybody else colleagues, at an address like their own."""
    own, theirs = (address.rpartition("@")[2].lower() for address in (person.email, email))
    return is_lead(person) or (person.is_active and own == theirs)


def may_read_audit_log(person: Person) -> bool:
    return is_lead(person) or is_auditor(person) or is_administrator(person)
