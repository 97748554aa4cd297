"""Whole lives, through pages: a full-level initiative from its problem to its last day, and a light
pilot that needs one sitting. The light one answers every question in the browser; the full one is
given its answers, for there are many, and the forms are the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Group, Person
from initiatives.models import Initiative, Obligation
from initiatives.stages import Stage
from tests.browser.filling import fill_in
from tests.browser.test_journeys import current_step
from tests.browser.visitors import Visit, Visitor, let_in
from tests.factories import Cast, make_cast, make_group_member, make_pilot
from tests.reviews import scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MOST = 40  # times that anything is done over


class Life:
    """One initiative with everybody who has a part in it."""

    def __init__(self, visit: Visit) -> None:
        at = timezone.now() - timezone.timedelta(days=400)
        self.at = timezone.now() - timezone.timedelta(days=20)
        self.visit = visit
        self.cast: Cast = make_cast(at=at)
        self.security = make_group_member(group=Group.SECURITY, name="Sia Security", at=at)
        self.operations = make_group_member(group=Group.OPERATIONS, name="Oz Operations", at=at)
        let_in()
        self.visitors: dict[int, Visitor] = {}
        self.lead = self.as_(self.cast.lead)
        self.address = ""

    def as_(self, person: Person) -> Visitor:
        """Their browser, signed in once."""
        if person.pk not in self.visitors:
            self.visitors[person.pk] = self.visit().sign_in(person)
        return self.visitors[person.pk]

    @property
    def initiative(self) -> Initiative:
        return Initiative.objects.get()

    @property
    def primary(self) -> str:
        """The name of its primary metric."""
        return str(self.initiative.metrics.get(is_primary=True).name)

    def go(self, visitor: Visitor | None = None) -> Visitor:
        """Open the initiative's page."""
        found = visitor or self.lead
        found.page.goto(self.address)
        return found

    def take(self, initiative: Initiative) -> None:
        """Go on with one that is there already."""
        self.address = f"{self.lead.base}{initiative.get_absolute_url()}"

    def register(self, name: str) -> None:
        self.lead.open("initiatives:register")
        self.lead.fill("What is the problem?", "Letters wait four hours until somebody reads them.")
        self.lead.fill("Who has it?", "38 handlers in two offices.")
        self.lead.fill("What would be better?", "A letter reaches its handler within the hour.")
        self.lead.fill("Which process is it part of?", "Intake: the step that assigns letters.")
        self.lead.fill("What shall it be called?", name)
        self.lead.press("Save as a proposal")
        assert self.lead.sees("is registered.")
        self.address = self.lead.page.url

    def triage(self, yes: tuple[int, ...], budget: str, monthly: str) -> None:
        self.lead.open("initiatives:triage", self.initiative.pk)
        questions = self.lead.page.get_by_role("radiogroup")
        for place in range(8):
            answer = "Yes" if place in yes else "No"
            questions.nth(place).get_by_label(answer, exact=True).check()
        self.lead.fill("Spend cap of the pilot", budget)
        self.lead.fill("Estimated running cost a month", monthly)
        self.lead.press("Save the answers")
        assert self.lead.sees("level")

    def form(self, page: str, *args: Any, button: str = "Save", **values: str) -> None:
        """Fill in one of the lead's forms; a select takes its option's label."""
        self.lead.open(f"initiatives:{page}", *(args or (self.initiative.pk,)))
        for field, value in values.items():
            control = self.lead.page.locator(f"main [name={field}]")
            if control.evaluate("it => it.tagName") == "SELECT":
                control.select_option(label=value)
            elif control.get_attribute("type") == "checkbox":
                control.set_checked(value == "yes")
            else:
                control.fill(value)
        self.lead.press(button)
        self.lead.page.wait_for_url(self.address)

    def metric(self, name: str, kind: str, **values: str) -> None:
        bounds = {"baseline": "9 %", "threshold": "5 %", "target": "3 %"} | values
        self.form(
            "define_metric", name=name, kind=kind, unit_kind="Percent", is_primary="no", **bounds
        )

    def measure(self, name: str, value: str, **more: str) -> None:
        metric = self.initiative.metrics.get(name=name)
        args = (self.initiative.pk, metric.pk)
        self.form("measure", *args, button="Record", value=value, **more)

    def ask(self, **roles: Person) -> None:
        """Ask people into roles, and let each say yes."""
        for role, person in roles.items():
            self.lead.open("initiatives:ask", self.initiative.pk, role.replace("_", "-"))
            self.lead.choose("Person", person.name)
            self.lead.press("Ask")
            assert self.lead.sees(f"{person.name} was asked.")
        for person in dict.fromkeys(roles.values()):
            self.accept_all(person)

    def accept_all(self, person: Person) -> None:
        visitor = self.as_(person)
        visitor.open("portfolio:my_work")
        for _ in range(MOST):
            if not (yes := visitor.page.get_by_role("button", name="Yes, mine")).count():
                break
            if (hours := visitor.page.get_by_label("Hours a month you have for it")).count():
                hours.first.fill("12")
                visitor.page.get_by_label("It is among my objectives").first.check()
            yes.first.click()
            assert visitor.sees("Thank you: it is yours.")
            visitor.open("portfolio:my_work")

    def answer_gate(self, gate: str, named: Person) -> None:
        """Answer all that the gate's checklist asks, and let those who are named accept."""
        self.go()
        unmet = self.lead.page.locator(f"section[aria-labelledby=gate-{gate}] .gh-check-blocking")
        links = unmet.get_by_role("link", name=re.compile("^Answer")).all()
        for address in [link.get_attribute("href") for link in links]:
            self.lead.page.goto(f"{self.lead.base}{address}")
            fill_in(self.lead, named)
            self.lead.press("Save")
            self.lead.page.wait_for_url(self.address)
        self.accept_all(named)

    def give_answers(self, gate: str) -> None:
        """What answer_gate does, but not at the browser."""
        named = self.cast.production_owner
        scenes.answer_gate(self.initiative, gate, self.cast.lead, timezone.now(), named)
        self.accept_all(named)

    def review(self, gate: str, *signers: Person) -> None:
        """Ask for the review, and let everybody sign."""
        self.go()
        self.lead.press(f"Ask for the {gate} review")
        assert self.lead.sees("The signers are asked by mail.")
        self.sign(*signers)

    def sign(self, *signers: Person) -> None:
        """Let everybody sign the review that the lead has open."""
        for signer in signers:
            visitor = self.as_(signer)
            visitor.page.goto(self.lead.page.url)
            visitor.press("Approve")
            assert visitor.sees("You approved this. Receipt no.")

    def decide(self, kind: str, button: str, **values: str) -> None:
        sponsor = self.as_(self.cast.sponsor)
        sponsor.page.goto(
            f"{sponsor.base}{reverse('reviews:decide', args=[self.initiative.pk, kind])}"
        )
        for label, value in {"Why?": "It is time.", **values}.items():
            control = sponsor.field(label)
            if control.evaluate("it => it.tagName") == "SELECT":
                control.select_option(label=value)
            else:
                control.fill(value)
        sponsor.press(button)
        sponsor.page.wait_for_load_state()
        said = sponsor.page.locator("main").inner_text()
        assert "It is on record." in said, said

    def stands_in(self, stage: str) -> None:
        expect(current_step(self.go())).to_contain_text(stage)

    def begin(self, name: str, yes: tuple[int, ...], budget: str, monthly: str) -> None:
        """Up to a charter whose questions are to be answered."""
        cast = self.cast
        self.register(name)
        self.triage(yes, budget, monthly)
        self.form(
            "define_metric", name="Time until a letter is read", unit_kind="Duration",
            baseline="4 h", threshold="45 min", target="30 min", method="Median of a week.",
        )  # fmt: skip
        self.form("kill_condition", button="Agree on it", threshold="2 h")
        self.ask(
            sponsor=cast.sponsor, business_owner=cast.business_owner,
            engineering_owner=cast.engineering_owner, budget_owner=cast.budget_owner,
        )  # fmt: skip

    def find_out(self) -> None:
        """What ship-or-kill asks: values, evaluations, what is open, what it cost."""
        self.measure(self.primary, "40 min", sample_size="812")
        for kind in ("", "messy-"):
            name = "describe_messy_set" if kind else "describe_evaluation_set"
            run = "record_messy_run" if kind else "record_run"
            self.form(
                name, name=f"400 {kind}letters", size="400", verified_by="two handlers",
                location="The archive", owner="Uma User",
            )  # fmt: skip
            self.form(run, button="Record", version="triage 1.4", value="42 min")
        self.form(
            "raise_question", question="Do motor claims work as well?", owner="Uma User",
            estimate_days="5",
        )  # fmt: skip
        self.form("spend", button="Record", amount="9,000")


@pytest.fixture
def life(visit: Visit, live_server: Any) -> Life:
    return Life(visit)


class TestAFullLife:
    def test_leads_from_a_problem_to_the_last_day(self, life: Life):
        cast = life.cast
        life.begin("Letter triage", yes=(0, 2), budget="60,000", monthly="4,000")
        assert life.initiative.level == "full"
        life.give_answers("charter")
        life.metric("Wrong queues", "Quality")
        life.metric("Cost of a letter", "Cost")
        life.review("charter", *cast.signers)
        life.decide("proceed", "Proceed")
        life.stands_in("Pilot")
        self.extend(life)
        self.change_the_charter(life)
        self.become_ready(life)
        self.go_live(life)
        self.trip_and_waive(life)
        self.end(life)

    def extend(self, life: Life) -> None:
        """Too long is refused; two weeks are not."""
        before = life.initiative.decision_date
        sponsor = life.go(life.as_(life.cast.sponsor))
        sponsor.follow("Extend …")
        sponsor.fill("Why?", "Holidays.")
        sponsor.fill("By how many days?", "60")
        with sponsor.expecting(422):
            sponsor.press("Extend")
        assert sponsor.sees("Choose between 1 and 28 days.")
        sponsor.fill("By how many days?", "14")
        sponsor.press("Extend")
        assert sponsor.sees("Decided: extend. It is on record.")
        after = life.initiative.decision_date
        assert before is not None
        assert after is not None
        assert (after - before).days == 14

    def change_the_charter(self, life: Life) -> None:
        """Another threshold: shown before it is proposed, signed like the charter, then decided."""
        metric = life.initiative.metrics.get(is_primary=True)
        life.lead.open("reviews:rebaseline", life.initiative.pk)
        life.lead.fill("Why does the charter have to change?", "Letters are longer than we knew.")
        life.lead.page.locator(f"main [name='metric.{metric.pk}.threshold']").fill("50 min")
        life.lead.press("Show what would change")
        assert life.lead.sees("What would change")
        life.lead.press("Propose it and ask the signers")
        assert life.lead.sees("Proposed. The charter's signers are asked by mail.")
        life.sign(*life.cast.signers)
        life.decide("rebaseline", "Re-baseline")
        assert life.initiative.metrics.get(is_primary=True).threshold == 50 * 60
        assert life.go().sees("Baseline 2")

    def become_ready(self, life: Life) -> None:
        cast = life.cast
        life.measure("Wrong queues", "4 %")
        life.measure("Cost of a letter", "4 %")
        life.find_out()
        life.give_answers("ship_or_kill")
        owners = (cast.sponsor, cast.business_owner, cast.engineering_owner)
        life.review("ship-or-kill", *owners, cast.production_owner)
        life.decide("proceed", "Proceed")
        life.stands_in("Readiness review")

    def go_live(self, life: Life) -> None:
        cast = life.cast
        life.ask(
            production_owner=cast.production_owner, on_call=cast.production_owner,
            data_owner=cast.user,
        )  # fmt: skip
        life.metric("Weekly users", "Adoption", direction="Higher is better", baseline="0 %",
                    threshold="20 %", target="30 %")  # fmt: skip
        life.form(
            "kill_condition", button="Agree on it", threshold="3 h",
            due="by several measurements running", in_a_row="3",
        )  # fmt: skip
        life.form("watch_metric", metric="Wrong queues", paged=cast.production_owner.name)
        life.measure("Wrong queues", "4 %", from_production="yes")
        life.give_answers("go_live")
        owners = (cast.production_owner, cast.engineering_owner, cast.business_owner)
        life.review("go-live", *owners, life.security, cast.compliance)
        assert life.lead.sees("re-baselined")
        self.approve_on_a_condition(life)
        life.decide("ship", "Ship")
        life.stands_in("Production")

    def approve_on_a_condition(self, life: Life) -> None:
        """Operations approves if something is done; it is not, the approval lapses, and is given
        once more."""
        operations = life.as_(life.operations)
        operations.page.goto(life.lead.page.url)
        operations.page.locator("summary", has_text="Approve if").click()
        operations.fill("I approve if …", "The off-switch was tried with the night shift.")
        operations.choose("Who sees to it?", "Uma User")
        operations.fill("By when?", timezone.localdate().isoformat())
        operations.press("Approve under this condition")
        assert operations.sees("You approved this under a condition. Receipt no.")
        yesterday = timezone.localdate() - timezone.timedelta(days=1)
        Obligation.objects.update(due_date=yesterday)  # a day goes by
        life.lead.page.reload()
        assert life.lead.sees("lapsed: a condition was missed")
        assert life.lead.sees("Not signed: Operations.")
        operations.page.reload()
        operations.press("Approve")
        assert operations.sees("You approved this. Receipt no.")

    def trip_and_waive(self, life: Life) -> None:
        """Three values running past the limit; the sponsor signs that it goes on until a day."""
        for _ in range(3):
            life.measure("Time until a letter is read", "4 h", from_production="yes")
        sponsor = life.go(life.as_(life.cast.sponsor))
        assert sponsor.sees("Tripped")
        sponsor.page.get_by_role("link", name=re.compile("^Waive")).first.click()
        sponsor.fill("Why go on all the same?", "A flood; the backlog is gone in a week.")
        sponsor.press("Sign and waive")
        assert sponsor.sees("Waived. It is armed again when the day is over.")
        assert sponsor.sees("Waived")

    def end(self, life: Life) -> None:
        """What others rely on is told before the last day."""
        sponsor = life.go(life.as_(life.cast.sponsor))
        sponsor.follow("Decommission …")
        assert sponsor.sees("Before it can end")  # links that are listed at once wait for nothing
        links = sponsor.page.get_by_role("link", name=re.compile("^Answer")).all()
        for question in [link.get_attribute("href") for link in links]:
            sponsor.page.goto(f"{sponsor.base}{question}")
            fill_in(sponsor, life.cast.user)
            sponsor.press("Save")
            assert sponsor.sees("Recorded.")
        life.accept_all(life.cast.user)
        life.decide("decommission", "Decommission", **{
            "How it ended": "Decommissioned", "What should the next team know?": "Mend the form.",
        })  # fmt: skip
        life.stands_in("Retired")
        assert life.initiative.stage == Stage.RETIRED


class TestALightLife:
    def test_needs_one_sitting(self, life: Life):
        cast = life.cast
        life.take(make_pilot(cast=cast, at=life.at, pilot_budget=5_000, monthly_cost=200))
        assert life.initiative.level == "light"
        life.find_out()
        life.ask(production_owner=cast.production_owner, on_call=cast.production_owner)
        life.form(
            "kill_condition", button="Agree on it", threshold="3 h",
            due="by several measurements running", in_a_row="3",
        )  # fmt: skip
        metric = life.primary
        life.form("watch_metric", metric=metric, paged=cast.production_owner.name)
        life.measure(metric, "41 min", sample_size="900", from_production="yes")
        life.answer_gate("ship_or_kill", cast.production_owner)
        life.answer_gate("go_live", cast.production_owner)
        owners = (cast.business_owner, cast.engineering_owner, cast.production_owner)
        life.review("ship-or-kill", cast.sponsor, *owners)
        life.review("go-live", *owners)
        life.decide("ship", "Ship")
        life.stands_in("Production")
