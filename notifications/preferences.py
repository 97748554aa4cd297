"""What people are told about, in a handful of topics, and how often each may come (product.md §5).

What a person is named to act on cannot be turned off: somebody waits for them. Where a topic may be
off it holds both, and `is_named` tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Q


class Pace(models.TextChoices):
    """How soon what is owed is sent."""

    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Once a day"
    WEEKLY = "weekly", "Once a week"
    OFF = "off", "Not at all"


class Channel(models.TextChoices):
    """By which way it is sent. To chat goes what goes out by mail, at the same time: there a pace
    says which mails are told of, those that are sent at once, also those of the day, the digest of
    the week, or none."""

    EMAIL = "email", "E-mail"
    CHAT = "chat", "Chat"


TO_ACT = (Pace.AT_ONCE, Pace.DAILY)
TO_KNOW = (Pace.AT_ONCE, Pace.DAILY, Pace.WEEKLY, Pace.OFF)
IN_CHAT = (Pace.AT_ONCE, Pace.DAILY, Pace.OFF)  # may be off: the mail comes in any case
DIGEST = "weekly_digest"
# Sent at once whatever somebody chose, where its rule says that it cannot wait.
ALARMS = ("kill_condition_tripped", "suspended", "unowned")
NEWS = frozenset({"question_answered", "mentioned"})  # asks for nothing: it is to be read
KEPT = frozenset({"sign_off_receipt"})  # nor does this: it is there to be kept
# Of topics that may be off: whoever hears of these first is who has to act (the role that their
# rule names, who leaves, who asked); what comes later tells others that nobody has.
NAMED = (
    *("unowned", "leaving", "leaving_recorded", "slot_unfillable", "stalled"),
    *("falls_short", "measurement_stale", "evaluation_stale", "over_budget"),
    *("hand_over_answered", "mail_refused"),
)
IS_NAMED = Q(kind__in=NAMED, step__lte=0)  # `is_named` of reminders whose topic may be off


@dataclass(frozen=True, slots=True)
class Topic:
    """Kinds of reminders that people choose a pace for together.

    Without a choice what cannot wait comes at once, what is to be kept once a week, and the rest
    once a day: `default` says which is true of the topic. `because` is why it cannot be turned off;
    `named` is what of it names its reader to act, and comes all the same where the rest is off.
    `in_chat` are its paces there.
    """

    title: str
    holds: str
    kinds: tuple[str, ...]
    default: Pace
    paces: tuple[Pace, ...] = TO_KNOW
    because: str = ""
    named: str = ""
    in_chat: tuple[Pace, ...] = IN_CHAT

    @property
    def may_be_off(self) -> bool:
        return Pace.OFF in self.paces

    def offered(self, channel: str) -> tuple[Pace, ...]:
        """The paces to choose from; none where it never goes there."""
        return self.in_chat if channel == Channel.CHAT else self.paces


TOPICS: dict[str, Topic] = {
    "decisions": Topic(
        "Decisions and deadlines",
        "Decision dates, recertification, catch-up, thresholds reached, overrides, lapses, what is "
        "said to be dead, triages, and what you sign as a new sponsor.",
        (
            *("decision_date", "decision_lapsed", "threshold_reached", "catch_up", "override"),
            "decision_ready",
            *("recertification", "kill_condition_tripped", "suspended", "statement_unsigned"),
            *("retirement_asked", "triage_asked"),
        ),
        Pace.DAILY,
        TO_ACT,
        "you own or decide it",
    ),
    "signatures": Topic(
        "Signatures and questions",
        "Your signature is asked for, or somebody asks you before signing. A signature that is "
        "still missing after some days is asked for again in the mail of the day.",
        (
            *("sign_off_asked", "sign_off_stale", "sign_off_lapsed"),
            *("override_asked", "question_asked"),
        ),
        Pace.AT_ONCE,
        TO_ACT,
        "it is asked of you by name",
    ),
    "given": Topic(
        "Roles and tasks given to you",
        "Somebody names you an owner, hands over to you what they own, or gives you something to "
        "see to.",
        (
            *("ownership_asked", "ownership_chased", "hand_over_asked"),
            *("obligation_owed", "obligation"),
        ),
        Pace.DAILY,
        TO_ACT,
        "it was given to you by name",
    ),
    "missing": Topic(
        "What is missing",
        "Initiatives without an owner, or soon without one; people who do not say what is theirs, "
        "or whether they take something over; signatures that are late or that nobody can give; "
        "what stands still; and, of those who look after Gatehouse, mails that did not arrive.",
        (
            *("unowned", "leaving", "leaving_recorded", "ownership_silent", "hand_over_silent"),
            *("slot_unfillable", "sign_off_overdue", "stalled", "mail_refused"),
        ),
        Pace.DAILY,
        named="an owner to be named, or found before one leaves; your own last day; somebody to be "
        "appointed who signs; what is yours and stands still; and addresses to be mended",
    ),
    "health": Topic(
        "Production health",
        "Values below what was promised, not measured, not evaluated again, over budget.",
        ("falls_short", "measurement_stale", "evaluation_stale", "over_budget"),
        Pace.DAILY,
        named="the first word of each to those who run it or pay for it",
    ),
    "talk": Topic(
        "Answers and mentions",
        "Your question is answered, whom you asked to take over has answered, or your name stands "
        "in what somebody wrote.",
        ("question_answered", "mentioned", "hand_over_answered"),
        Pace.AT_ONCE,
        named="somebody else to be found for what was not taken over",
    ),
    "receipts": Topic(
        "Receipts",
        "Of each signature you give: where the log holds it. Once a week they come by themselves; "
        "before that they come along with what else is mailed to you.",
        ("sign_off_receipt",),
        Pace.WEEKLY,
        in_chat=(),  # it is kept where mails are
    ),
    "digest": Topic(
        "The week in the portfolio",
        "Each Monday what changed, what is to be decided, what is late or unowned, and how that "
        "compares with the week before. Portfolio leads get it unless they turn it off.",
        (DIGEST,),
        Pace.WEEKLY,
        (Pace.WEEKLY, Pace.OFF),
        in_chat=(Pace.WEEKLY, Pace.OFF),
    ),
}
TOPIC_OF: dict[str, str] = {kind: key for key, topic in TOPICS.items() for kind in topic.kinds}


def is_named(kind: str, step: int) -> bool:
    """Whether a reminder names its recipient to act, so that no choice turns it off: all of what
    cannot be off, and of the rest what reaches who has to act. Others are merely told."""
    return not TOPICS[TOPIC_OF[kind]].may_be_off or (kind in NAMED and step <= 0)


def topics_on(channel: str) -> dict[str, Topic]:
    """Those that may come by this way."""
    return {key: topic for key, topic in TOPICS.items() if topic.offered(channel)}


def default_of(key: str, *, channel: str, is_lead: bool) -> Pace:
    """What holds without a choice: the digest is for the leads, chat for what is sent at once."""
    if channel == Channel.CHAT:
        return Pace.AT_ONCE if Pace.AT_ONCE in TOPICS[key].in_chat else Pace.OFF
    return Pace.OFF if key == "digest" and not is_lead else TOPICS[key].default
