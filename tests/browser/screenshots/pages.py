"""Which pages there are pictures of, and as whom they are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import Person
from initiatives.actions import uploads
from initiatives.models import HandOver, Initiative, OpenQuestion, Upload
from initiatives.stages import Gate, Stage
from notifications.models import Flag, snoozed
from notifications.rules.finding import Severity
from portfolio import personas
from portfolio.queries import tabs, work
from reviews import actions as reviewing
from reviews import queries as reviews
from reviews.models import Review
from tests.factories import csv_of, make_lead

INVENTORY = [
    {
        "Project": "Letters to the right desk",
        "Status": "Live",
        "Owner": "tomas.berger@halden.example",
        "Started": "3 Feb 2025",
        "What for": "Letters wait a day until somebody has read them.",
    },
    {
        "Project": "Weather and claims forecast",
        "Status": "Trial",
        "Owner": "oskar.lind@halden.example",
        "Started": "14.09.2026",
        "What for": "After a storm too few adjusters are on duty.",
    },
    {
        "Project": "Contract comparison",
        "Status": "Idea",
        "Owner": "helene.marchand@halden.example",
        "Started": "",
        "What for": "Broker contracts are compared line by line.",
    },
    {
        "Project": "Claims photo estimates",
        "Status": "Somewhere",
        "Owner": "priya.nair@halden.example",
        "Started": "soon",
        "What for": "Small damage waits for a visit.",
    },
]


@dataclass(frozen=True)
class Shot:
    """A page, who looks at it, and what they do there first. `is_shown` are those that README
    and docs show, and the repository keeps."""

    name: str
    view: str
    args: tuple[Any, ...] = ()
    who: Person | None = None
    query: str = ""
    status: int = 200
    then: Callable[[Page], None] | None = None
    is_shown: bool = False


def shots() -> list[Shot]:
    lead = persona(personas.LEAD)
    return [
        Shot("sign-in", "account_login"),
        Shot("dashboard", "portfolio:dashboard", who=lead, is_shown=True),
        Shot("dashboard-row", "portfolio:dashboard", who=lead, then=expanding),
        Shot("list", "initiatives:list", who=lead),
        Shot("list-empty", "initiatives:list", who=lead, query="?q=nothingofthekind"),
        Shot("register", "initiatives:register", who=lead),
        *(Shot(name, f"portfolio:{view}", who=busiest()) for name, view in MY_WORK),
        Shot("my-work-lead", "portfolio:my_work", who=lead),
        Shot("attention", "notifications:attention", who=lead),
        Shot("attention-rules", "notifications:attention", who=lead, query="?by=rules"),
        Shot("attention-closed", "notifications:attention", who=lead, query="?by=closed"),
        Shot("operations", "notifications:operations", who=lead),
        Shot("people", "people:list", who=lead),
        *told(lead),
        Shot("blockers", "portfolio:blockers", who=lead),
        Shot("lessons", "portfolio:lessons", who=lead),
        *initiative_pages(lead),
        *suspended(lead),
        *forms(lead),
        *triages(),
        *signing(),
        *decided(lead),
        *policies(lead),
        Shot("password-change", "account_change_password", (), lead),
        Shot("password-reset", "account_reset_password"),
        Shot("sign-in-again", "account_reauthenticate", (), lead),
        Shot("not-found", "initiatives:detail", (10**9,), lead, status=404),
        Shot("not-allowed", "initiatives:import", (), persona(personas.SECURITY), status=403),
        *hand_overs(),
        *imports(lead),
    ]


def hand_overs() -> Iterator[Shot]:
    """What a persona is asked to take over, and the page of whose it is, who has left."""
    asked = HandOver.objects.open().filter(giver__is_active=False).select_related("giver").first()
    if asked is not None:
        yield Shot("take-over", "people:take_over", (asked.pk,), asked.receiver)
        yield Shot("person", "people:detail", (asked.giver_id,), persona(personas.LEAD))
        yield Shot("hand-over", "people:hand_over", (asked.receiver_id,), asked.receiver)


MY_WORK = (
    ("my-work", "my_work"),
    ("my-own", "owned"),
    ("my-deadlines", "deadlines"),
    ("my-reminders", "reminders"),
    ("my-settings", "my_settings"),
)


def told(lead: Person) -> Iterator[Shot]:
    """How people are asked, how often they hear, and what can wait."""
    yield Shot("campaign", "campaign:counts", who=lead)
    yield Shot("campaign-start", "campaign:start", who=lead)
    yield Shot("campaign-mail", "campaign:letter", who=lead)
    yield Shot("campaign-silent", "campaign:silent", who=lead)
    yield Shot("campaign-dead", "campaign:retire", who=lead)
    yield Shot("campaign-mine", "campaign:mine", who=persona(personas.ENGINEERING_OWNER))
    yield Shot("mail-settings", "mails:settings", who=lead)
    yield Shot("chat-settings", "mails:chat", who=lead)
    may_wait = Flag.objects.open().exclude(severity=Severity.CRITICAL).exclude(snoozed())
    yield Shot("snooze", "notifications:snooze", (may_wait.latest("pk").pk,), lead)


def persona(of: personas.Persona) -> Person:
    return Person.objects.get(email=of.email)


def busiest() -> Person:
    """The persona for whom most is to do."""

    def load(person: Person) -> int:
        found = work.load(person, timezone.localdate())
        return len(found.requests) * 3 + len(found.asked) * 3 + len(work.owned_by(person))

    return max(map(persona, personas.DEMO_PERSONAS), key=load)


def telling(stage: Stage) -> Initiative | None:
    """The initiative of this stage of which most has happened."""
    found = Initiative.objects.filter(stage=stage).annotate(
        measured=Count("metrics__measurements", distinct=True),
        answered=Count("evidence", distinct=True),
    )
    return found.order_by("-measured", "-answered", "pk").first()


def initiative_pages(lead: Person) -> Iterator[Shot]:
    """One of each stage, and the tabs of the pilot."""
    for stage in Stage:
        initiative = telling(stage)
        if initiative is None:
            print(f"The demo has nothing in the stage {stage.label}: no picture of it.")
            continue
        name = "initiative" if stage == Stage.PILOT else stage.value.replace("_", "-")
        shown = stage == Stage.PILOT
        args = (initiative.pk,)
        yield Shot(name, "initiatives:detail", args, lead, is_shown=shown)
        if stage == Stage.PILOT:
            for key, title in tabs.TITLES:
                yield Shot(f"tab-{key}", "initiatives:detail", args, lead, then=opening(title))


def suspended(lead: Person) -> Iterator[Shot]:
    """One that is switched off, as a lead sees it, and what whoever would suspend another reads."""
    if initiative := Initiative.objects.suspended().first():
        yield Shot("suspended", "initiatives:detail", (initiative.pk,), lead)
    if running := telling(Stage.PRODUCTION):
        yield Shot("decide-suspend", "reviews:decide", (running.pk, "suspend"), lead)


def expanding(page: Page) -> None:
    page.locator("button[data-expand]").first.click()
    page.locator(".gh-brief").wait_for()


def importing(upload: Upload) -> Callable[[Page], None]:
    """Last of all, for it brings initiatives in: what the worker would do."""

    def run(page: Page) -> None:
        upload.refresh_from_db()
        if upload.state == Upload.State.UPLOADED:
            at, by = timezone.now(), upload.uploaded_by
            uploads.start(upload=upload, skip_rejected=True, by=by, at=at)
            uploads.import_uploaded(upload=upload, at=at)
        page.reload()

    return run


def opening(title: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        tab = page.locator(".gh-tabs").get_by_role("link", name=title)
        tab.click()
        page.locator(".gh-tabs [aria-current=page]", has_text=title).wait_for()

    return press


def forms(lead: Person) -> Iterator[Shot]:
    proposal, pilot = telling(Stage.PROPOSAL), telling(Stage.PILOT)
    assert proposal is not None
    assert pilot is not None
    own, running = (proposal.pk,), (pilot.pk,)
    yield Shot("answer", "reviews:answer", (*own, "data_audit"), lead)
    yield Shot("metric", "initiatives:define_metric", own, lead)
    yield Shot("kill-condition", "initiatives:kill_condition", own, lead)
    yield Shot("ask-owner", "initiatives:ask", (*own, "sponsor"), lead)
    yield Shot("edit", "initiatives:edit", (*own, "details"), lead)
    yield Shot("documents", "initiatives:add_document", running, lead)
    yield Shot("question", "initiatives:raise_question", running, lead)
    yield Shot("evaluation-set", "initiatives:describe_evaluation_set", running, lead)
    yield Shot("evaluation", "initiatives:record_run", running, lead)
    yield Shot("spend", "initiatives:spend", running, lead)
    yield Shot("watch", "initiatives:watch_metric", running, lead)
    if metric := pilot.metrics.filter(is_primary=True).first():
        yield Shot("measure", "initiatives:measure", (pilot.pk, metric.pk), lead)
    if question := OpenQuestion.objects.filter(closed_at=None).order_by("pk").last():
        yield Shot("close-question", "initiatives:close_question", (question.pk,), lead)
    yield Shot("decide-extend", "reviews:decide", (*running, "extend"), lead)
    yield Shot("decide-kill", "reviews:decide", (*running, "kill"), lead)


def triages() -> Iterator[Shot]:
    compliance = persona(personas.COMPLIANCE)
    proposal = telling(Stage.PROPOSAL)
    assert proposal is not None
    yield Shot("triage", "initiatives:triage", (proposal.pk,), compliance)
    yield Shot("triage-queue", "initiatives:triage_queue", (), compliance)
    waiting = Initiative.objects.filter(triage__confirmed_at=None, triage__isnull=False)
    if first := waiting.exclude(stage=Stage.RETIRED).order_by("-pk").first():
        yield Shot("triage-confirm", "initiatives:confirm_triage", (first.pk,), compliance)


def imports(lead: Person) -> Iterator[Shot]:
    """A small inventory, at each of its steps."""
    at = timezone.now()

    def uploaded(name: str) -> Upload:
        return uploads.upload(content=csv_of(INVENTORY), name=name, by=lead, at=at)

    upload = uploaded("Halden AI projects.csv")
    yield Shot("import", "initiatives:import", (), lead)
    for step in ("source", "columns", "preview"):
        yield Shot(f"import-{step}", "initiatives:upload", (upload.pk,), lead, f"?step={step}")
    result = uploaded("Halden AI projects, again.csv")
    yield Shot("import-result", "initiatives:upload", (result.pk,), lead, then=importing(result))


def signing() -> Iterator[Shot]:
    """For each gate, and for what is reviewed beside them, a review that waits for the signature
    of a persona."""
    today = timezone.localdate()
    found: dict[str, tuple[Review, Person]] = {}
    for review in Review.objects.open():
        standing = reviews.standing(review, today)
        for person in map(persona, personas.DEMO_PERSONAS):
            if standing.slots_waiting_for(person):
                found.setdefault(review.gate, (review, person))
    for gate, (review, person) in found.items():
        shown = gate == Gate.SHIP_OR_KILL
        name = "sign" if shown else f"sign-{gate.replace('_', '-')}"
        yield Shot(name, "reviews:detail", (review.pk,), person, is_shown=shown)
    if Gate.SHIP_OR_KILL not in found:
        print("No ship-or-kill review waits for the signature of a persona: no picture of it.")


def policies(lead: Person) -> Iterator[Shot]:
    """The policy in force, and a draft by another lead that the lead may publish."""
    at, other = timezone.now(), make_lead(name="Ruben Alder")
    draft = reviewing.start_draft(by=other, at=at)
    reviewing.save_draft(
        draft=draft,
        revision=draft.revision,
        text=draft.text.replace("pilot_days = 42", "pilot_days = 35").replace(
            "pilot_budget_from = 150_000", "pilot_budget_from = 50_000"
        ),
        notes="Shorter pilots, and finance signs earlier.",
        by=other,
        at=at,
    )
    charter = Gate.CHARTER.value
    yield Shot("policy", "policy:current", (), lead)
    yield Shot("policy-draft", "policy:draft", (), lead)
    yield Shot("policy-text", "policy:edit_text", (), lead)
    yield Shot("policy-forms", "policy:forms", (), lead)
    yield Shot("policy-limits", "policy:limits", (), lead)
    yield Shot("policy-criterion", "policy:criterion", (charter, "data_audit"), lead)
    yield Shot("policy-signature", "policy:slot", (charter, "finance"), lead)
    yield Shot("policy-dry-run", "policy:dry_run", (), lead)
    yield Shot("policy-dry-run-list", "policy:dry_run_list", ("charter.pilot_length",), lead)
    yield Shot("policy-dry-run-reviews", "policy:dry_run_reviews", (), lead)


def decided(lead: Person) -> Iterator[Shot]:
    """A review that was decided, and one that the lead may decide."""
    newest = Review.objects.exclude(closed_at=None).order_by("-closed_at").first()
    if newest is not None:
        yield Shot("review-decided", "reviews:detail", (newest.pk,), lead)
    if ready := Review.objects.open().filter(gate=Gate.GO_LIVE).first():
        yield Shot("review", "reviews:detail", (ready.pk,), lead)
        yield Shot("decide-ship", "reviews:decide", (ready.initiative_id, "ship"), lead)
