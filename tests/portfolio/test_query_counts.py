"""No page and no rule needs more queries for more rows; times are measured by tests/bench."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.models import Group, Person
from initiatives import actions as initiatives
from initiatives.actions import uploads
from initiatives.models import Initiative, Metric
from initiatives.stages import Role
from notifications.actions import sweep, sweeping
from notifications.rules import RULES
from portfolio import generator
from portfolio.queries import tabs
from reviews import actions as reviews
from reviews.models import Review
from reviews.queries import current_policy, open_reviews_for
from tests.bench.inventory import inventory
from tests.factories import (
    NOON,
    make_evaluation_set,
    make_group_member,
    make_measurement,
    make_metric,
    make_question,
    make_review,
    make_run,
    sign_in_turn,
    sign_waiting,
)
from tests.media import KeepsFiles
from tests.reviews.scenes import LaterStages

FEW, MANY = 20, 200
MOST = 14
MOST_AT_FIRST_VIEW = 10
MOST_FOR_A_RULE = 5


@contextmanager
def counted():
    """Collect the statements that are executed, those of savepoints left out."""
    statements = []

    def wrapper(execute, sql, *rest):
        if "SAVEPOINT" not in sql:
            statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(wrapper):
        yield statements


def prepare(client, url):
    """Have read what is read once per process or per minute, which a minute's end between two
    requests would otherwise add to the second."""
    cache.clear()
    client.get(url)


@dataclass(frozen=True)
class Page:
    """An address, as a lead or an owner reads it; `spare` queries are for what only some have."""

    url: str
    as_owner: bool = False
    spare: int = 0


def pages(at):
    """Those whose length, or whose work, grows with the portfolio."""
    week = timezone.localdate(at) + timezone.timedelta(days=7)
    found = reverse("initiatives:list")
    metric = Metric.objects.filter(measurements__isnull=False).earliest("pk")
    for owner in (False, True):
        yield Page(f"{found}?size=100", owner)
        yield Page(reverse("initiatives:export") + "?sort=name", owner)
        yield Page(reverse("portfolio:dashboard"), owner)
        for name in ("my_work", "owned", "deadlines", "reminders", "my_settings"):
            yield Page(reverse(f"portfolio:{name}"), owner)
    for query in (
        "size=100&q=the&show=due&owner=a&sort=-decision",
        f"health=stale&catch_up=asked&week={week}&show=killed",
        "catch_up=owing",
        "catch_up=late",
        "blocked_by=charter.data_audit",
    ):
        yield Page(f"{found}?{query}")
    yield Page(reverse("portfolio:debt"), spare=1)  # open questions
    yield Page(reverse("portfolio:blockers"))
    attention = reverse("notifications:attention")
    for query in ("", "?by=rules", "?by=closed", "?acts=mine&severity=critical&q=the&person=a"):
        yield Page(f"{attention}{query}")
    yield Page(reverse("initiatives:triage_queue"))
    yield Page(metric.initiative.get_absolute_url())


class Portfolio(KeepsFiles):
    """A few initiatives, and a lead and an owner who look at them."""

    @classmethod
    def setUpTestData(cls):
        cls.at = timezone.now()
        generator.generate(initiatives=FEW, seed=2, at=cls.at)
        sweep(at=cls.at)
        reviews.judge(at=cls.at)

    def add_many(self):
        generator.generate(initiatives=MANY - FEW, seed=3, at=self.at, append_to=True)
        sweep(at=self.at)
        reviews.judge(at=self.at)

    def person(self, owner):
        if owner:
            role = Role.BUSINESS_OWNER
            owners = Person.objects.filter(is_active=True, ownerships__role=role).order_by("pk")
            return next(
                owner for owner in owners if open_reviews_for(owner, timezone.localdate())
            )  # none costs less
        return Person.objects.filter(memberships__group__key=Group.LEADS).earliest("pk")

    def count(self, url, *, owner=False):
        client = Client()
        client.force_login(self.person(owner))
        prepare(client, url)
        with counted() as statements:
            response = client.get(url)
            assert b"".join(response) if response.streaming else response.content
        assert response.status_code == 200
        return len(statements)


class QueryCounts(Portfolio):
    def test_of_pages_do_not_grow_with_the_portfolio(self):
        few = {page: self.count(page.url, owner=page.as_owner) for page in pages(self.at)}
        self.add_many()
        for page, before in few.items():
            with self.subTest(page=page):
                now = self.count(page.url, owner=page.as_owner)
                assert before <= now <= before + page.spare
                assert now <= MOST

    def test_of_single_initiatives_and_reviews_are_few_in_a_large_portfolio(self):
        self.add_many()
        firsts = Initiative.objects.order_by("stage", "pk").distinct("stage")
        counts = {row.stage: self.count(row.get_absolute_url()) for row in firsts}
        assert len(counts) == 5
        assert max(counts.values()) <= MOST_AT_FIRST_VIEW
        open_ones = Review.objects.open().order_by("pk")
        briefs = [reverse("initiatives:brief", args=[r.initiative_id]) for r in open_ones[:10]]
        assert max(self.count(url) for url in briefs) <= MOST + 1
        either = (open_ones.earliest("pk"), open_ones.latest("pk"))
        assert max(self.count(review.get_absolute_url()) for review in either) <= MOST

    def test_of_the_steps_of_an_import_do_not_grow_with_its_rows(self):
        few, many = self.steps_of_an_import(FEW), self.steps_of_an_import(MANY)
        assert few == many
        assert max(few) <= MOST

    def steps_of_an_import(self, rows):
        content = inventory(rows, ["nobody@elsewhere.example"]).encode()
        lead = self.person(owner=False)
        kept = uploads.upload(content=content, name=f"{rows}.csv", by=lead, at=self.at)
        address = reverse("initiatives:upload", args=[kept.pk])
        return [self.count(f"{address}?step={s}") for s in ("source", "columns", "preview")]

    def test_of_an_initiative_and_its_tabs_do_not_grow_with_what_it_has(self):
        metric = Metric.objects.filter(is_primary=True, initiative__stage="pilot").earliest("pk")
        pages = [reverse("initiatives:tab", args=[metric.initiative_id, t]) for t, _ in tabs.TITLES]
        pages += [metric.initiative.get_absolute_url()]
        self.find_out(metric, times=2)
        few = [self.count(url) for url in pages]
        self.find_out(metric, times=8)
        many = [self.count(url) for url in pages]
        assert all(now <= before for now, before in zip(many, few, strict=True)), (few, many)
        assert max(few) <= MOST
        assert few[-1] <= MOST_AT_FIRST_VIEW

    def find_out(self, metric, times):
        """Record a question, an evaluation and a cost, so many times."""
        initiative = metric.initiative
        owner = self.person(owner=False)
        known = make_evaluation_set(metric=metric, at=self.at)
        for day in range(times):
            make_question(initiative=initiative, owner=owner, at=self.at)
            make_run(evaluation_set=known, at=self.at - timezone.timedelta(days=day))
            initiatives.record_spend(
                initiative=initiative, amount=10 + day, spent_on=self.at.date(), by=None, at=self.at
            )


class TestQueriesOfAReviewAndItsInitiative(LaterStages):
    """What is fetched is fetched at once, however much of it there is."""

    def pages(self):
        """Both pages, as their lead reads them."""
        client = Client()
        client.force_login(self.cast.lead)
        found = []
        for url in (self.initiative.get_absolute_url(), self.review.get_absolute_url()):
            prepare(client, url)
            with counted() as statements:
                assert client.get(url).status_code == 200
            found.append(len(statements))
        return found

    def setUp(self):
        super().setUp()
        self.review = make_review(
            initiative=self.initiative, by=self.cast.business_owner, at=NOON - timedelta(days=2)
        )
        sign_waiting(review=self.review, by=self.cast.sponsor, at=NOON - timedelta(days=1))
        make_measurement(metric=self.metric, value=2_400)
        self.few = self.pages()

    def test_do_not_grow_with_metrics_measurements_reviews_and_signers(self):
        for grow in (self.metrics, self.measurements, self.signers, self.members, self.reviews):
            grow()
            assert self.pages() == self.few, grow.__name__
        assert max(self.few) <= MOST

    def metrics(self):
        for number in range(5):
            name = f"Weekly letters {number}"
            metric = make_metric(
                initiative=self.initiative, name=name, kind="quality", is_primary=False
            )
            make_measurement(metric=metric, value=number + 1)

    def measurements(self):
        for hours in range(1, 13):
            make_measurement(metric=self.metric, value=2_400, at=NOON + timedelta(hours=hours))

    def signers(self):
        signers = [self.cast.business_owner, self.cast.engineering_owner]
        sign_in_turn(review=self.review, by=[*signers, self.cast.production_owner], at=NOON)

    def members(self):
        for number in range(6):
            make_group_member(group="compliance", name=f"Member {number}")

    def reviews(self):
        for hours in range(3):
            at = NOON + timedelta(hours=hours)
            reviews.withdraw(review=self.review, reason="Once more.", by=self.cast.lead, at=at)
            self.review = make_review(
                initiative=self.initiative, by=self.cast.business_owner, at=at
            )
            sign_waiting(review=self.review, by=self.cast.sponsor, at=at + timedelta(minutes=1))


class SweepQueries(TestCase):
    """A rule costs the same few queries, whether it opens flags, changes them or closes them."""

    @classmethod
    def setUpTestData(cls):
        cls.at = timezone.now()
        generator.generate(initiatives=MANY, seed=4, at=cls.at)
        cls.policy = current_policy()

    def rule(self, name, at):
        with counted() as statements:
            sweeping.apply(name, Initiative.objects.all(), self.policy, at)
        return len(statements)

    def test_of_a_rule_are_few_when_it_opens_flags(self):
        assert {self.rule(name, self.at) <= MOST_FOR_A_RULE for name in RULES} == {True}

    def test_of_a_rule_are_few_when_it_closes_and_changes_flags(self):
        sweep(at=self.at)
        later = self.at + timezone.timedelta(days=9)
        assert {self.rule(name, later) <= MOST_FOR_A_RULE for name in RULES} == {True}

    def test_of_a_whole_sweep_do_not_grow(self):
        sweep(at=self.at)
        with counted() as few:
            sweep(at=self.at)
        generator.generate(initiatives=MANY, seed=5, at=self.at, append_to=True)
        sweep(at=self.at)
        with counted() as many:
            sweep(at=self.at)
        assert len(few) == len(many)
