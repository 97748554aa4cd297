"""Every kind of mail there is, written from the demo portfolio; tests read them, and
`./script/screenshots --mails` takes their pictures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts.models import Person
from initiatives.models import Initiative
from notifications import actions, mail, queries, weekly_mail
from notifications.actions import planning, refused, sweeping
from notifications.actions.composing import mail_time
from notifications.models import Message, Reminder
from notifications.preferences import DIGEST
from portfolio import stories
from reviews import actions as reviews
from reviews.queries import current_policy
from tests import factories

# Which owe one of each kind.
STORIES = (
    *stories.FIRST_TEN,
    stories.declared.CALL_FORECAST,
    stories.declared.DRIVING_SCORE,
    stories.declared.TENANT_SCORING,
    stories.ended.CONTRACT_DIGESTS,
    stories.fading.COMPLAINTS,
    stories.ready.BROKER_QUOTES,
    stories.ready.SUBSIDENCE,
)


def every_mail(at: datetime) -> dict[str, EmailMultiAlternatives]:
    """One mail of each kind, by its name; expects `STORIES`, or all of the demo."""
    _say_more(at)
    actions.hear(at=at)
    today = timezone.localdate(at)
    owed = Reminder.objects.exclude(state=Reminder.State.CANCELLED)  # or sent, where none is owed
    owed = owed.select_related("recipient", "initiative").order_by("state", "pk")
    before = owed.filter(kind="decision_date", step__lte=0)
    found = {
        "sign": owed.filter(kind="sign_off_asked", step=0, says__endswith="charter")[:1],
        "sign-still": owed.filter(kind="sign_off_asked", step__gt=0)[:1],
        "sign-again": owed.filter(kind="sign_off_stale")[:1],
        "sign-anew": owed.filter(kind="sign_off_lapsed")[:1],
        "receipt": owed.filter(kind="sign_off_receipt")[:1],
        "new-sponsor": owed.filter(kind="statement_unsigned")[:1],
        "asked": owed.filter(kind="question_asked")[:1],
        "answered": owed.filter(kind="question_answered")[:1],
        "mentioned": owed.filter(kind="mentioned")[:1],
        "see-to-it": owed.filter(kind="obligation_owed")[:1],
        "not-confirmed": owed.filter(kind="obligation", says__startswith="Confirm")[:1],
        "own": owed.filter(kind="ownership_asked", says__startswith="Accept")[:1],
        "own-several": owed.filter(kind="ownership_asked", says__startswith="Say")[:1],
        "chased": owed.filter(kind="ownership_chased")[:1],
        "silent": owed.filter(kind="ownership_silent")[:1],
        "dead": owed.filter(kind="retirement_asked")[:1],
        "triages": owed.filter(kind="triage_asked")[:1],
        "ready": before[:1],
        "decide-late": owed.filter(kind="decision_date", step__gt=0)[:1],
        "lapsed": owed.filter(kind="decision_lapsed")[:1],
        "complete": owed.filter(kind="decision_ready")[:1],
        "reached": owed.filter(kind="threshold_reached", says__startswith="Decide")[:1],
        "second": owed.filter(kind="override_asked")[:1],
        "override": owed.filter(kind="override")[:1],
        "catch-up": owed.filter(kind="catch_up", says__startswith="Ask")[:1],
        "recertify": owed.filter(kind="recertification", says__startswith="Ask")[:1],
        "falls-short": owed.filter(kind="falls_short")[:1],
        "measure": owed.filter(kind="measurement_stale")[:1],
        "evaluate": owed.filter(kind="evaluation_stale")[:1],
        "costs": owed.filter(kind="over_budget")[:1],
        "stalled": owed.filter(kind="stalled")[:1],
        "not-signed": owed.filter(kind="sign_off_overdue")[:1],
        "nobody-signs": owed.filter(kind="slot_unfillable")[:1],
        "unowned": owed.filter(kind="unowned")[:1],
        "leaves": owed.filter(kind="leaving", path__contains="/people/")[:1],
        "successor": owed.filter(kind="leaving", path__contains="/initiatives/")[:1],
        "last-day": owed.filter(kind="leaving_recorded")[:1],
        "take-over": owed.filter(kind="hand_over_asked")[:1],
        "not-answered": owed.filter(kind="hand_over_silent")[:1],
        "not-taken": owed.filter(kind="hand_over_answered")[:1],
        "tripped": owed.filter(kind="kill_condition_tripped", says__startswith="Decide")[:1],
        "refused": owed.filter(kind="mail_refused")[:1],
        "suspended": owed.filter(kind="suspended", says__startswith="Decide")[:1],
        "make-sure": owed.filter(kind="suspended", says__startswith="Make sure")[:1],
        "daily": _of_one_person(before),
        "urgent": _of_one_person(owed.filter(is_urgent=True)),
    }
    mails = {name: _written(reminders, today) for name, reminders in found.items()}
    invited = list(found["own"])
    invited[0].recipient = Person(name=invited[0].recipient.name, email="new@halden.example")
    invited[0].recipient.set_unusable_password()
    return {**mails, "invited": _written(invited, today), "weekly": weekly(at)}


def _say_more(at: datetime) -> None:
    """What the demo leaves to its visitors: the campaign is started, somebody is chased,
    something is said to be dead, and an address is wrong."""
    lead = queries.leads()[0]
    silent = queries.silent(None, timezone.localdate(at))[0]
    Reminder.objects.filter(recipient=silent.person, kind="ownership_asked").delete()
    actions.chase(people=[silent.person.pk], by=lead, at=at)
    actions.start_campaign(by=lead, at=at)
    calculator = Initiative.objects.get(name="Old tariff calculator")
    reviews.ask_to_retire(initiative=calculator, reason="Nobody opens it.", by=lead, at=at)
    Message.objects.create(
        recipient=silent.person,
        is_urgent=True,
        created_at=at,
        next_attempt_at=at,
        state=Message.State.FAILED,
        last_error="550 5.1.1 No such mailbox here",
    )
    refused.tell(at=at)
    _complete(at)


def _complete(at: datetime) -> None:
    """A charter that everybody has signed, of people of its own."""
    cast, signed = factories.make_cast(), at - timedelta(hours=1)
    made = factories.make_ready_for_charter(cast=cast, at=at - timedelta(days=2))
    factories.make_signed_review(initiative=made, cast=cast, at=signed)
    reviews.judge(at=at)
    known = Initiative.objects.filter(pk=made.pk)
    sweeping.apply("decision_ready", known, current_policy(), at)
    planning._plan(known, at)


def _of_one_person(reminders: Iterable[Reminder]) -> list[Reminder]:
    """Those of the person who has most of them, as one mail carries them: of each thing one."""
    by_person: dict[int, dict[tuple[str, str], Reminder]] = {}
    for reminder in reminders:
        theirs = by_person.setdefault(reminder.recipient_id, {})
        theirs[reminder.kind, reminder.subject] = reminder
    return list(max(by_person.values(), key=len).values())


def _written(reminders: Iterable[Reminder], today) -> EmailMultiAlternatives:
    carried = list(reminders)
    first = carried[0]
    message = Message(pk=first.pk, recipient=first.recipient, is_urgent=first.is_urgent)
    return mail.written(message, carried, queries.others_told(carried), today)


def weekly(at: datetime) -> EmailMultiAlternatives:
    """The digest of this week, as a lead gets it."""
    actions.plan_digests(at=max(at, mail_time(_monday(at))))
    digests = Reminder.objects.filter(kind=DIGEST, due_date=_monday(at))
    digest = digests.select_related("recipient").earliest("pk")
    message = Message(pk=digest.pk, recipient=digest.recipient, is_urgent=False, is_digest=True)
    return weekly_mail.written(message, digest, at)


def _monday(at: datetime) -> date:
    today = timezone.localdate(at)
    return today - timedelta(days=today.weekday())


def html_of(written: EmailMultiAlternatives) -> str:
    ((content, kind),) = written.alternatives
    assert kind == "text/html"
    return str(content)
