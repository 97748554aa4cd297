"""Who may do what with an initiative (product.md §7)."""

from accounts import permissions as people
from accounts.models import Person
from initiatives.facts import Facts
from initiatives.models import Initiative, Obligation, Ownership
from initiatives.stages import Stage


def may_register(person: Person) -> bool:
    """Everybody who works here; auditors only look."""
    return person.is_active and not people.is_auditor(person)


def may_declare(person: Person) -> bool:
    """Only leads say that something already runs, and import an inventory of what does."""
    return people.is_lead(person)


def may_edit(person: Person, initiative: Initiative) -> bool:
    """Leads, whoever holds a role, and whoever registered a proposal while it is one."""
    return _edits_without_a_role(person, initiative) or _holds_a_role(person, initiative)


def may_edit_facts(person: Person, facts: Facts) -> bool:
    """`may_edit` for facts at hand, without a query."""
    return _is_an_owner(person, facts) or _edits_without_a_role(person, facts.initiative)


def may_confirm_off(person: Person, facts: Facts) -> bool:
    """Whoever holds a role on it, or a lead, says that what is suspended is really off."""
    return facts.initiative.is_suspended and (_is_an_owner(person, facts) or people.is_lead(person))


def _is_an_owner(person: Person, facts: Facts) -> bool:
    return any(o.counts and o.person_id == person.pk for o in facts.ownerships)


def _holds_a_role(person: Person, initiative: Initiative) -> bool:
    return Ownership.objects.counting().filter(initiative=initiative, person=person).exists()


def _edits_without_a_role(person: Person, initiative: Initiative) -> bool:
    registered_it = initiative.registered_by_id == person.pk
    still_a_proposal = initiative.stage == Stage.PROPOSAL
    return people.is_lead(person) or (person.is_active and registered_it and still_a_proposal)


def may_confirm_triage(person: Person) -> bool:
    """Only compliance confirms level and legal class, and alone may lower them."""
    return people.is_compliance(person)


def may_answer_for(person: Person, ownership: Ownership) -> bool:
    """Only the person asked accepts or declines."""
    return person.is_active and ownership.person_id == person.pk and ownership.is_open


def may_confirm_obligation(person: Person, obligation: Obligation) -> bool:
    """Whoever it was given to, or a lead, says that it is done."""
    is_theirs = person.is_active and obligation.assignee_id == person.pk
    return is_theirs or people.is_lead(person)


def may_know_of(person: Person, initiative: Initiative) -> bool:
    """Somebody active who may see it, as the database says now."""
    is_active = Person.objects.filter(pk=person.pk, is_active=True).exists()
    return is_active and Initiative.objects.visible_to(person).filter(pk=initiative.pk).exists()
