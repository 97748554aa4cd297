from __future__ import annotations

import copy
import itertools
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from accounts.groups import STANDARD
from initiatives.stages import DAYS_TO_DECIDE, LEADS_TO, REQUIRED_ROLES, RUNNING, Gate, Stage
from initiatives.triage import QUESTIONS, Level, level
from reviews.policy import (
    DAYS_BEFORE,
    FIELD_TYPES,
    FIXED_CHECKS,
    GROUPS,
    LONGEST_TITLE,
    Applies,
    Case,
    Criterion,
    GatePolicy,
    InvalidPolicy,
    Policy,
    default_text,
    parse,
    published,
)

CHECKS = frozenset(
    [
        "adoption_above_floor",
        "adoption_metric_set",
        "blocking_questions_closed",
        "conditions_met",
        "cost_within_budget",
        "described",
        "evaluation_run",
        "evaluation_set_described",
        "evaluation_set_owned",
        "guardrails_hold",
        "kill_condition_armed",
        "measured_against_baseline",
        "measured_past_threshold",
        "messy_data_meets_threshold",
        "monitoring_delivering",
        "nothing_tripped",
        "open_questions_estimated",
        "operating_cost_estimated",
        "owners_accepted",
        "owners_reaccepted",
        "pilot_budget_set",
        "pilot_length",
        "primary_metric_complete",
        "process_described",
        "production_kill_condition",
        "spend_recorded",
        "triaged",
    ]
)
POLICY = parse(default_text(), version=1, checks=CHECKS)
TABLES = tomllib.loads(default_text())
for _gate in TABLES["gates"].values():  # so that what is changed below is wrong in one way only
    for _slot in _gate.get("slots", ()):
        _slot.pop("points", None)
NO = dict.fromkeys(QUESTIONS, False)
AMOUNTS = ((1_000, 100), (150_000, 9_000), (None, None))
STAGE_BEFORE = {
    Gate.CHARTER: Stage.PROPOSAL,
    Gate.SHIP_OR_KILL: Stage.PILOT,
    Gate.GO_LIVE: Stage.READINESS_REVIEW,
    Gate.RECERTIFICATION: Stage.PRODUCTION,
}
# The table of product.md §3: light, standard, full.
AT_MOST = {
    (Gate.CHARTER, Stage.PROPOSAL): (16, 28, 36),
    (Gate.SHIP_OR_KILL, Stage.PILOT): (5, 8, 11),
    (Gate.GO_LIVE, Stage.READINESS_REVIEW): (12, 24, 36),
    (Gate.RECERTIFICATION, Stage.PRODUCTION): (4, 8, 14),
    (Gate.RETIREMENT, Stage.PROPOSAL): (2, 4, 5),
    (Gate.RETIREMENT, Stage.PILOT): (2, 4, 5),
    (Gate.RETIREMENT, Stage.READINESS_REVIEW): (2, 4, 5),
    (Gate.RETIREMENT, Stage.PRODUCTION): (5, 7, 9),
}
PEOPLE = {
    Gate.CHARTER: (2, 3, 4),
    Gate.SHIP_OR_KILL: (2, 3, 4),
    Gate.GO_LIVE: (2, 3, 4),
    Gate.RECERTIFICATION: (1, 2, 3),
    Gate.RETIREMENT: (0, 0, 0),
}
INTO_RUNNING = [gate for gate in Gate if LEADS_TO[gate] in RUNNING]


def make_case(level: str = "light", stage: str = "proposal", **more: Any) -> Case:
    answers = NO | dict.fromkeys(more.pop("yes", ()), True)
    amounts = {"pilot_budget": 1_000, "monthly_cost": 100} | more
    return Case(level=level, stage=stage, answers=answers, **amounts)


def every_case(stage: str) -> Iterator[Case]:
    """All triage answers, and amounts small, large and unknown, at the level they compute to."""
    for given in itertools.product((True, False), repeat=len(QUESTIONS)):
        answers = dict(zip(QUESTIONS, given, strict=True))
        for budget, cost in AMOUNTS:
            at = level(answers, pilot_budget=budget, monthly_cost=cost)
            yield Case(
                level=at, stage=stage, answers=answers, pilot_budget=budget, monthly_cost=cost
            )


def criteria(policy: Policy = POLICY) -> list[Criterion]:
    return [criterion for gate in policy.gates.values() for criterion in gate.criteria]


def gate(key: Gate) -> GatePolicy:
    return POLICY.gates[key]


def slots(key: Gate, **case: Any) -> set[str]:
    return {slot.key for slot in gate(key).slots_for(make_case(**case))}


def problems(tables: dict[str, Any]) -> list[str]:
    """What is wrong with a policy given as tables; nothing is an empty list."""
    try:
        parse(as_toml(tables), version=2, checks=CHECKS)
    except InvalidPolicy as error:
        return error.problems
    return []


def as_toml(tables: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {inline(value)}" for key, value in tables.items())


def inline(value: Any) -> str:
    """One value in TOML's inline form; enough for policies."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case list():
            return "[" + ", ".join(map(inline, value)) + "]"
        case dict():
            return "{" + ", ".join(f'"{k}" = {inline(v)}' for k, v in value.items()) + "}"
        case int() | float() | Decimal() | date():
            return str(value)
    raise TypeError(value)


class TestDefaultPolicy:
    def test_has_all_five_gates_in_order(self):
        assert list(POLICY.gates) == list(Gate)
        assert [g.title for g in POLICY.gates.values()] == Gate.labels

    def test_keeps_the_version_it_is_given(self):
        assert parse(default_text(), version=7, checks=CHECKS).version == 7

    def test_uses_every_check_it_is_said_to_use(self):
        assert {c.check for c in criteria() if c.check} == CHECKS

    @pytest.mark.parametrize("stands_before", AT_MOST, ids=lambda pair: " from ".join(pair))
    def test_asks_exactly_as_much_as_the_product_promises_at_most(self, stands_before):
        key, stage = stands_before
        most = dict.fromkeys(Level, 0)
        for case in every_case(stage):
            at = Level(case.level)
            most[at] = max(most[at], gate(key).questions(case))
        assert tuple(most.values()) == AT_MOST[stands_before]

    @pytest.mark.parametrize("key", Gate)
    def test_wants_as_many_people_as_the_product_says(self, key):
        assert tuple(gate(key).people_needed[at] for at in Level) == PEOPLE[key]

    @pytest.mark.parametrize("key", STAGE_BEFORE)
    def test_never_has_fewer_slots_than_people_needed(self, key):
        for case in every_case(STAGE_BEFORE[key]):
            assert len(gate(key).slots_for(case)) >= gate(key).people_needed[case.level]

    @pytest.mark.parametrize("key", STAGE_BEFORE)
    def test_wants_an_outsider_from_standard_up(self, key):
        assert gate(key).outsider_from == {"standard", "full"}

    @pytest.mark.parametrize("check", FIXED_CHECKS)
    @pytest.mark.parametrize("key", INTO_RUNNING)
    def test_holds_the_four_that_cannot_be_edited_out(self, key, check):
        firm = [c for c in gate(key).criteria if c.check == check and c.applies == Applies()]
        assert any(c.blocking and c.mandatory for c in firm)

    @pytest.mark.parametrize("key", INTO_RUNNING)
    def test_names_the_owners_whom_the_stage_needs(self, key):
        criterion = next(c for c in gate(key).criteria if c.key == "owners_accepted")
        needed = REQUIRED_ROLES[LEADS_TO[key] or ""]
        assert set(criterion.parameters["roles"]) >= {role.value for role in needed}

    def test_wants_the_charters_kill_condition_on_the_primary_metric(self):
        criterion = next(c for c in gate(Gate.CHARTER).criteria if c.key == "kill_condition_armed")
        assert criterion.parameters == {"on_primary_metric": True, "by_decision_date": True}

    def test_knows_the_groups_that_every_installation_has(self):
        assert set(GROUPS) == set(STANDARD)

    def test_has_the_limits_of_the_product(self):
        limits = POLICY.limits
        assert limits.reauthentication_minutes == {"light": 15, "standard": 15, "full": 5}
        assert limits.recertification_days == {"light": 365, "standard": 365, "full": 182}
        assert limits.catch_up_days == {"light": 180, "standard": 90, "full": 60}
        assert limits.measurement_stale_factor == Decimal("1.5")
        assert (limits.pilot_days, limits.pilot_days_with_reason) == (42, 92)
        assert (limits.extension_days, limits.override_days, limits.pause_days) == (28, 30, 30)
        assert (limits.stalled_days, limits.evaluation_stale_days) == (21, 180)
        assert (limits.request_working_days, limits.lapse_days) == (5, 14)
        assert limits.statement_days == 14

    def test_agrees_with_the_days_that_stages_are_given(self):
        days = {stage: given and given.days for stage, given in DAYS_TO_DECIDE.items()}
        assert POLICY.limits.proposal_days == days[Stage.PROPOSAL]
        assert POLICY.limits.pilot_days == days[Stage.PILOT]
        assert POLICY.limits.readiness_days == days[Stage.READINESS_REVIEW]

    def test_has_the_reminder_ladder_of_the_product(self):
        ladder = POLICY.reminders
        assert ladder.owner_days_before == (14, 3, 0)
        assert ladder.signer_days_after == (0, 3, 5)
        assert ladder.recertification_days_before == (60, 30, 7)
        assert (ladder.sponsor_days_after, ladder.leads_days_after) == (3, 7)
        assert {key: getattr(ladder, key) for key in DAYS_BEFORE} == DAYS_BEFORE

    def test_has_them_where_it_was_published_before_they_could_be_chosen(self):
        later = ("statement_days =", *(f"{key} =" for key in DAYS_BEFORE))
        lines = default_text().splitlines()
        before = "\n".join(line for line in lines if not line.startswith(later))
        assert len(before.splitlines()) == len(lines) - 4
        assert published(before, version=1) == published(default_text(), version=1)


class TestApplicability:
    def test_asks_for_privacy_only_where_there_is_personal_data(self):
        charter = gate(Gate.CHARTER)
        without = {c.key for c in charter.criteria_for(make_case("standard"))}
        with_it = {
            c.key for c in charter.criteria_for(make_case("standard", yes=["personal_data"]))
        }
        assert with_it - without == {"privacy_assessment"}

    @pytest.mark.parametrize("at", Level)
    @pytest.mark.parametrize("question", ["personal_data", "affects_employees"])
    def test_keeps_asking_what_the_law_asks_when_the_level_was_lowered(self, at, question):
        key = {"personal_data": "privacy_assessment", "affects_employees": "employees_consulted"}
        asked = gate(Gate.CHARTER).criteria_for(make_case(at, yes=[question]))
        assert key[question] in {c.key for c in asked}

    def test_asks_why_it_is_built_only_of_what_is_built(self):
        criterion = next(c for c in gate(Gate.CHARTER).criteria if c.key == "approach_decision")
        built, bought = make_case("full"), make_case("full", yes=["bought"])
        assert [f.key for f in criterion.fields_for(built)] == ["tried", "gap"]
        assert [f.key for f in criterion.fields_for(bought)] == ["tried"]

    @pytest.mark.parametrize("at", Level)
    def test_always_asks_who_would_own_it_in_production(self, at):
        criterion = next(c for c in gate(Gate.CHARTER).criteria if c.key == "production_sketch")
        assert criterion.applies == Applies()
        assert "owner" in [f.key for f in criterion.fields_for(make_case(at))]

    def test_takes_an_unanswered_question_for_no(self):
        case = Case("standard", dict.fromkeys(QUESTIONS), None, None, "proposal")
        assert not Applies(when=("bought",)).to(case)
        assert Applies(unless=("bought",)).to(case)

    def test_takes_an_unknown_amount_for_a_large_one(self):
        case = make_case(pilot_budget=None, monthly_cost=None)
        assert Applies(pilot_budget_from=150_000, monthly_cost_from=5_000).to(case)

    @pytest.mark.parametrize(("amount", "applies"), [(149_999, False), (150_000, True)])
    def test_begins_at_the_amount_stated(self, amount, applies):
        assert Applies(pilot_budget_from=150_000).to(make_case(pilot_budget=amount)) is applies
        assert Applies(monthly_cost_from=150_000).to(make_case(monthly_cost=amount)) is applies

    def test_needs_all_that_is_stated_but_only_one_of_the_questions(self):
        applies = Applies(levels=frozenset({"full"}), when=("bought", "personal_data"))
        assert applies.to(make_case("full", yes=["bought"]))
        assert not applies.to(make_case("full"))
        assert not applies.to(make_case("light", yes=["bought"]))

    def test_depends_on_the_stage_where_it_says_so(self):
        applies = Applies(stages=frozenset({"production"}))
        assert applies.to(make_case(stage="production"))
        assert not applies.to(make_case(stage="pilot"))

    def test_fails_loudly_where_an_answer_is_not_even_listed(self):
        with pytest.raises(KeyError):
            Applies(when=("bought",)).to(Case("light", {}, None, None, "proposal"))


class TestSlots:
    OWNERS = frozenset({"sponsor", "business_owner", "engineering_owner"})

    def test_of_a_light_charter_are_its_three_owners(self):
        assert slots(Gate.CHARTER) == self.OWNERS

    def test_of_a_charter_include_compliance_from_standard_up(self):
        assert slots(Gate.CHARTER, level="standard") == self.OWNERS | {"compliance"}
        assert slots(Gate.CHARTER, level="full") == self.OWNERS | {"compliance"}

    def test_of_a_charter_include_security_when_confidential_data_leaves(self):
        assert "security" in slots(Gate.CHARTER, yes=["confidential_data_leaves"])

    def test_of_a_charter_include_finance_when_the_pilot_is_dear(self):
        assert "finance" in slots(Gate.CHARTER, pilot_budget=150_000)

    @pytest.mark.parametrize("at", Level)
    def test_at_ship_or_kill_include_whoever_would_own_it_in_production(self, at):
        assert slots(Gate.SHIP_OR_KILL, level=at) == self.OWNERS | {"prospective_production_owner"}
        roles = {slot.key: slot.role for slot in gate(Gate.SHIP_OR_KILL).slots}
        assert roles["prospective_production_owner"] == "production_sketch.owner"

    def test_at_go_live_grow_with_the_level(self):
        light = {"production_owner", "engineering_owner", "business_owner"}
        standard = light | {"security", "operations"}
        assert slots(Gate.GO_LIVE) == light
        assert slots(Gate.GO_LIVE, level="standard") == standard
        assert slots(Gate.GO_LIVE, level="full") == standard | {"compliance"}

    @pytest.mark.parametrize("at", Level)
    def test_at_go_live_ask_compliance_once_for_personal_data(self, at):
        case = make_case(at, yes=["personal_data"])
        groups = [slot.group for slot in gate(Gate.GO_LIVE).slots_for(case)]
        assert groups.count("compliance") == 1

    def test_at_go_live_include_finance_when_running_it_is_dear(self):
        assert "finance" in slots(Gate.GO_LIVE, monthly_cost=5_000)

    def test_at_recertification_grow_with_the_level(self):
        light = {"production_owner", "business_owner"}
        assert slots(Gate.RECERTIFICATION) == light
        assert slots(Gate.RECERTIFICATION, level="standard") == light | {"sponsor"}
        full = light | {"sponsor", "compliance"}
        assert slots(Gate.RECERTIFICATION, level="full") == full

    def test_of_a_retirement_are_none(self):
        assert not gate(Gate.RETIREMENT).slots


class TestWords:
    @pytest.mark.parametrize("criterion", criteria(), ids=lambda c: c.key)
    def test_of_a_criterion_are_short_and_give_a_reason(self, criterion):
        assert len(criterion.title) <= LONGEST_TITLE
        assert criterion.title[0].isupper()
        assert not criterion.title.endswith(".")
        assert re.search(r"[.?]$", criterion.why)
        assert criterion.source.startswith("product.md ")

    @pytest.mark.parametrize("criterion", criteria(), ids=lambda c: c.key)
    def test_of_its_fields_say_what_a_good_answer_is(self, criterion):
        for field in criterion.fields:
            assert len(field.help) > 20, field.key
            assert field.type != "text" or "For example: " in field.help, field.key

    def test_of_signatures_are_in_the_first_person_and_differ_within_a_gate(self):
        for policy in POLICY.gates.values():
            meanings = [slot.meaning for slot in policy.slots]
            assert len(set(meanings)) == len(meanings)
            assert all(m.startswith("I ") and m.endswith(".") for m in meanings)

    def test_have_no_letter_that_only_machines_type(self):
        assert not re.search(r"[\u200b-\u200f\u00a0\ufeff]", default_text())


def change(path: str, value: Any) -> Any:
    """A mutation: set what stands at the path; `.` goes deeper, `[key]` picks a row of a list."""

    def mutate(tables: dict[str, Any]) -> None:
        owner, last = walk(tables, path)
        owner[last] = value

    return mutate


def drop(path: str) -> Any:
    def mutate(tables: dict[str, Any]) -> None:
        owner, last = walk(tables, path)
        if isinstance(owner, list):
            owner.remove(row(owner, last))
        else:
            del owner[last]

    return mutate


def repeat(path: str) -> Any:
    """A mutation: append a copy of a row to its list."""

    def mutate(tables: dict[str, Any]) -> None:
        owner, last = walk(tables, path)
        owner.append(copy.deepcopy(row(owner, last)))

    return mutate


def row(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next(r for r in rows if r["key"] == key)


def walk(tables: Any, path: str) -> tuple[Any, str]:
    *way, last = path.split(".")
    for step in way:
        tables = row(tables, step) if isinstance(tables, list) else tables.setdefault(step, {})
    return tables, last


CHARTER = "gates.charter"
AUDIT = "Charter gate, criterion data_audit"
SOURCES = f"{CHARTER}.criteria.data_audit.fields.sources"
LEDGER_IN_CHARTER = f"{CHARTER}.criteria.pilot_conditions.fields.conditions"
LEDGER = "gates.ship_or_kill.criteria.conditions_ledger.fields.conditions"
SCOPE = "Charter gate, criterion integration_scope"
INTEGRATION = f"{CHARTER}.criteria.integration_scope"
WORKFLOW = f"{INTEGRATION}.fields.workflow"
OWNERS = f"{CHARTER}.criteria.owners_accepted"
SPONSOR = f"{CHARTER}.slots.sponsor"
LONG = "a" * 61
# What is changed in the default policy, and every problem that this makes.
MUTATIONS: dict[str, tuple[Any, list[str]]] = {
    "an unknown key of the policy": (
        change("colour", "red"),
        ["The policy: the key 'colour' is unknown; known are gates, limits, name, reminders."],
    ),
    "a policy without a name": (drop("name"), ["The policy: name is missing."]),
    "a gate that is missing": (
        drop("gates.retirement"),
        ["The policy's gates: the gate retirement is missing."],
    ),
    "a gate that does not exist": (
        change("gates.lunch", {"title": "Lunch"}),
        [
            "The policy's gates: the key 'lunch' is unknown; known are "
            "charter, go_live, recertification, retirement, ship_or_kill."
        ],
    ),
    "an unknown key of a gate": (
        change(f"{CHARTER}.owner", "me"),
        [
            "Charter gate: the key 'owner' is unknown; known are "
            "criteria, outsider_from, people_needed, slots, title."
        ],
    ),
    "criteria that are no list": (
        change("gates.retirement.criteria", "none"),
        ["Retirement gate: criteria has to be a list of tables."],
    ),
    "a criterion that is no table": (
        change("gates.retirement.criteria", ["none"]),
        ["Retirement gate: criteria has to be a list of tables."],
    ),
    "an unknown key of a criterion": (
        change(f"{INTEGRATION}.blocks", True),
        [
            f"{SCOPE}: the key 'blocks' is unknown; known are anew, applies, "
            "asks, blocking, catch_up, check, fields, key, mandatory, parameters, source, title, "
            "why."
        ],
    ),
    "an unknown word for what is caught up on": (
        change(f"{INTEGRATION}.catch_up", "sometimes"),
        [f"{SCOPE}: catch_up has to be one of always, before_production, never."],
    ),
    "a criterion without a key": (
        drop("gates.retirement.criteria.why_it_stops.key"),
        ["Retirement gate, criterion number 1: key is missing."],
    ),
    "a key with a space": (
        change(f"{INTEGRATION}.key", "data audit"),
        [
            "Charter gate, criterion data audit: the key 'data audit' may have small letters, "
            "digits and underscores only."
        ],
    ),
    "a key that is too long": (
        change(f"{INTEGRATION}.key", LONG),
        [f"Charter gate, criterion {LONG}: key is longer than 60 characters."],
    ),
    "a title that is too long": (
        change(f"{INTEGRATION}.title", LONG),
        [f"{SCOPE}: title is longer than 60 characters."],
    ),
    "a blank reason": (
        change(f"{INTEGRATION}.why", "  "),
        [f"{SCOPE}: why is empty."],
    ),
    "a title that is a number": (
        change(f"{INTEGRATION}.title", 3),
        [f"{SCOPE}: title has to be text."],
    ),
    "blocking that is a word": (
        change(f"{INTEGRATION}.blocking", "yes"),
        [f"{SCOPE}: blocking has to be true or false."],
    ),
    "asks that is a truth": (
        change(f"{OWNERS}.asks", True),
        ["Charter gate, criterion owners_accepted: asks has to be a whole number."],
    ),
    "asks below nothing": (
        change(f"{OWNERS}.asks", -1),
        ["Charter gate, criterion owners_accepted: asks has to be between 0 and 3,650."],
    ),
    "an unknown check": (
        change(f"{CHARTER}.criteria.described.check", "desribed"),
        ["Charter gate, criterion described: the check 'desribed' is unknown."],
    ),
    "neither check nor fields": (
        drop(f"{INTEGRATION}.fields"),
        [f"{SCOPE}: it has neither a check nor a field, so nothing could ever meet it."],
    ),
    "both check and fields": (
        change(f"{INTEGRATION}.check", "triaged"),
        [f"{SCOPE}: it has a check, so its fields would never be asked; keep one of the two."],
    ),
    "asks of an answered criterion": (
        change(f"{INTEGRATION}.asks", 0),
        [f"{SCOPE}: parameters and asks are for criteria with a check."],
    ),
    "a criterion twice": (
        repeat(f"{CHARTER}.criteria.triaged"),
        ["Charter gate: the criterion triaged is there 2 times."],
    ),
    "a criterion answered in two gates": (
        change("gates.retirement.criteria.why_it_stops.key", "integration_scope"),
        [
            "Retirement gate, criterion integration_scope: the Charter gate has an answered "
            "criterion of this key already."
        ],
    ),
    "an unknown role that has to accept": (
        change("gates.go_live.criteria.on_call_accepted.parameters.roles", ["boss"]),
        ["Go-live gate, criterion on_call_accepted: the role 'boss' is unknown."],
    ),
    "a check that is told what it does not know": (
        change(f"{CHARTER}.criteria.triaged.parameters", {"mood": "good"}),
        ["Charter gate, criterion triaged: the check triaged knows no 'mood'; it is told nothing."],
    ),
    "a check that is told a field that is not there": (
        change(f"{CHARTER}.criteria.described.parameters.fields", ["problem", "colour"]),
        [
            "Charter gate, criterion described: fields names the unknown 'colour'; known are "
            "problem, users, outcome, process, scope."
        ],
    ),
    "a check that is told a word instead of a list": (
        change("gates.ship_or_kill.criteria.guardrails_hold.parameters.kinds", "quality"),
        ["Ship-or-kill gate, criterion guardrails_hold: kinds has to be a list of texts."],
    ),
    "a check that is told a word instead of yes or no": (
        change(f"{CHARTER}.criteria.kill_condition_armed.parameters.by_decision_date", "later"),
        ["Charter gate, criterion kill_condition_armed: by_decision_date has to be true or false."],
    ),
    "a check that is not told what it needs": (
        drop(f"{CHARTER}.criteria.described.parameters"),
        ["Charter gate, criterion described: the check described has to be told fields."],
    ),
    "a criterion that can never apply": (
        change(
            f"{INTEGRATION}.applies", {"when": ["bought"], "unless": ["bought", "personal_data"]}
        ),
        [f"{SCOPE}: it can never apply, because unless takes back all that when asks for."],
    ),
    "a signature that is never asked for": (
        change(f"{CHARTER}.slots.finance.applies.stages", ["production"]),
        [
            "Charter gate, slot finance: it can never apply, because nothing in production "
            "stands before this gate."
        ],
    ),
    "a criterion that asks nothing at one level": (
        change(f"{CHARTER}.criteria.stakeholders.fields.users.applies", {"levels": ["full"]}),
        [
            "Charter gate, criterion stakeholders: at the standard level none of its fields is "
            "asked: nobody can meet it."
        ],
    ),
    "a table without a column at some levels": (
        change(f"{LEDGER_IN_CHARTER}.columns.in_pilot.applies", {"levels": ["standard"]}),
        [
            "Charter gate, criterion pilot_conditions, field conditions: at the light level none "
            "of its columns is asked."
        ],
    ),
    "a signature of somebody who is named only later": (
        change(f"{SPONSOR}.role", "oversight.person"),
        [
            "Charter gate, slot sponsor: oversight.person is named only later, at the Go-live "
            "gate.",
            "Charter gate, slot sponsor: at the light level nobody is asked to name "
            "oversight.person.",
            "Charter gate, slot sponsor: at the standard level nobody is asked to name "
            "oversight.person.",
        ],
    ),
    "an outsider whom nobody asks": (
        change(
            "gates.charter.slots",
            [
                {
                    "key": "engineering_owner",
                    "title": "Engineering owner",
                    "role": "engineering_owner",
                    "meaning": "I build it.",
                },
                {
                    "key": "production_owner",
                    "title": "Production owner",
                    "role": "production_owner",
                    "meaning": "I run it.",
                },
                {
                    "key": "sketched",
                    "title": "Prospective owner",
                    "role": "production_sketch.owner",
                    "meaning": "I shall run it.",
                },
                {
                    "key": "on_call",
                    "title": "Security",
                    "group": "security",
                    "quorum": 2,
                    "applies": {"levels": ["light", "full"]},
                    "meaning": "I looked.",
                },
            ],
        ),
        [
            "Charter gate: at the standard level somebody from outside the delivery team has to "
            "sign, but no slot is sure to ask them.",
        ],
    ),
    "an unknown level": (
        change(f"{INTEGRATION}.applies.levels", ["heavy"]),
        [f"{SCOPE}: levels names the unknown level 'heavy'; known are light, standard, full."],
    ),
    "no level at all": (
        change(f"{INTEGRATION}.applies.levels", []),
        [f"{SCOPE}: levels names no level; leave it out where it doesn't matter."],
    ),
    "an unknown stage": (
        change(f"{INTEGRATION}.applies.stages", ["limbo"]),
        [
            f"{SCOPE}: stages names the unknown stage 'limbo'; known "
            "are proposal, pilot, readiness_review, production, retired."
        ],
    ),
    "an unknown question": (
        change(f"{WORKFLOW}.applies.when", ["nice"]),
        [
            f"{SCOPE}, field workflow: when names the unknown question "
            f"'nice'; known are {', '.join(QUESTIONS)}."
        ],
    ),
    "an unknown question after unless": (
        change(f"{WORKFLOW}.applies.unless", ["nice"]),
        [
            f"{SCOPE}, field workflow: unless names the unknown "
            f"question 'nice'; known are {', '.join(QUESTIONS)}."
        ],
    ),
    "an unknown condition": (
        change(f"{WORKFLOW}.applies.weather", "fine"),
        [
            f"{SCOPE}, field workflow: the key 'weather' is unknown; "
            "known are levels, monthly_cost_from, pilot_budget_from, stages, unless, when."
        ],
    ),
    "an amount below nothing": (
        change(f"{CHARTER}.slots.finance.applies.pilot_budget_from", -1),
        [
            "Charter gate, slot finance: pilot_budget_from has to be between 0 and "
            "1,000,000,000,000,000."
        ],
    ),
    "an unknown type": (
        change(f"{WORKFLOW}.type", "poem"),
        [
            f"{SCOPE}, field workflow: the type 'poem' is unknown; "
            f"known are {', '.join(FIELD_TYPES)}."
        ],
    ),
    "a choice without choices": (
        change(f"{WORKFLOW}.type", "choice"),
        [f"{SCOPE}, field workflow: a field of the type choice has choices, and no other has."],
    ),
    "choices without a choice": (
        change(f"{WORKFLOW}.choices", ["Yes", "No"]),
        [f"{SCOPE}, field workflow: a field of the type choice has choices, and no other has."],
    ),
    "the same choice twice": (
        change(
            f"{CHARTER}.criteria.production_sketch.fields.involved.choices", ["Yes", "No", "Yes"]
        ),
        [
            "Charter gate, criterion production_sketch, field involved: choices has the same "
            "choice twice."
        ],
    ),
    "a field twice": (
        repeat(WORKFLOW),
        [f"{SCOPE}: the field workflow is there 2 times."],
    ),
    "an unknown key of a field": (
        change(f"{WORKFLOW}.hint", "x"),
        [
            f"{SCOPE}, field workflow: the key 'hint' is unknown; known "
            "are applies, choices, columns, help, key, label, required, starts_from, type."
        ],
    ),
    "a table without columns": (
        drop(f"{SOURCES}.columns"),
        [
            f"{AUDIT}, field sources: a field of the type table has columns, and no other has.",
        ],
    ),
    "columns of a text": (
        change(f"{SOURCES}.type", "text"),
        [f"{AUDIT}, field sources: a field of the type table has columns, and no other has."],
    ),
    "an unknown type of column": (
        change(f"{SOURCES}.columns.owner.type", "person"),
        [
            f"{AUDIT}, field sources, column owner: the type 'person' is unknown; columns know "
            "text, date, choice."
        ],
    ),
    "a column that is there twice": (
        repeat(f"{SOURCES}.columns.owner"),
        [f"{AUDIT}, field sources: the column owner is there 2 times."],
    ),
    "a table that starts from nowhere": (
        change(f"{LEDGER}.starts_from", "pilot_conditions.rows"),
        [
            "Ship-or-kill gate, criterion conditions_ledger, field conditions: starts_from names "
            "'pilot_conditions.rows', which is no table."
        ],
    ),
    "a text that starts from a table": (
        change(f"{WORKFLOW}.starts_from", "pilot_conditions.conditions"),
        [f"{SCOPE}, field workflow: starts_from is for tables."],
    ),
    "an unknown role that signs": (
        change(f"{SPONSOR}.role", "boss"),
        ["Charter gate, slot sponsor: the role 'boss' is unknown."],
    ),
    "a role that names no person field": (
        change(f"{SPONSOR}.role", "integration_scope.workflow"),
        ["Charter gate, slot sponsor: the role 'integration_scope.workflow' is unknown."],
    ),
    "an unknown group": (
        change(f"{CHARTER}.slots.compliance.group", "legal"),
        ["Charter gate, slot compliance: the group 'legal' is unknown."],
    ),
    "a point that the gate does not ask": (
        change(f"{SPONSOR}.points", ["triaged", "runbook"]),
        ["Charter gate, slot sponsor: the point 'runbook' is not asked by this gate."],
    ),
    "a slot of a role and of a group": (
        change(f"{SPONSOR}.group", "leads"),
        ["Charter gate, slot sponsor: it needs either a role or a group, and not both."],
    ),
    "a slot of nobody": (
        drop(f"{SPONSOR}.role"),
        ["Charter gate, slot sponsor: it needs either a role or a group, and not both."],
    ),
    "a quorum of nobody": (
        change(f"{CHARTER}.slots.compliance.quorum", 0),
        ["Charter gate, slot compliance: quorum has to be between 1 and 3,650."],
    ),
    "a quorum of a role": (
        change(f"{SPONSOR}.quorum", 2),
        ["Charter gate, slot sponsor: a role is held by one person, so its quorum is 1."],
    ),
    "a signature without a meaning": (
        drop(f"{SPONSOR}.meaning"),
        ["Charter gate, slot sponsor: meaning is missing."],
    ),
    "a slot twice": (
        repeat(SPONSOR),
        ["Charter gate: the slot sponsor is there 2 times."],
    ),
    "fewer slots than people": (
        change(f"{CHARTER}.people_needed.full", 5),
        [
            "Charter gate: at the full level 5 people have to sign, but its slots are sure to "
            "ask only 4."
        ],
    ),
    "slots that are not sure to be there": (
        change(f"{SPONSOR}.applies.when", ["bought"]),
        [
            "Charter gate: at the full level 4 people have to sign, but its slots are sure to "
            "ask only 3."
        ],
    ),
    "a level without people": (
        drop(f"{CHARTER}.people_needed.full"),
        ["Charter gate, people_needed: full is missing."],
    ),
    "an outsider at no known level": (
        change(f"{CHARTER}.outsider_from", ["heavy"]),
        ["Charter gate: outsider_from names the unknown level 'heavy'."],
    ),
    "an owner left out": (
        change(f"{OWNERS}.parameters.roles", ["sponsor", "engineering_owner"]),
        [
            "Charter gate, criterion owners_accepted: roles has to name business_owner, without "
            "whom the stage is unowned."
        ],
    ),
    "limits that are missing": (drop("limits"), ["The policy: limits is missing."]),
    "reminders that are missing": (drop("reminders"), ["The policy: reminders is missing."]),
    "a limit that is missing": (
        drop("limits.stalled_days"),
        ["Limits: stalled_days is missing."],
    ),
    "a limit that is a word": (
        change("limits.stalled_days", "three weeks"),
        ["Limits: stalled_days has to be a whole number."],
    ),
    "a limit of nothing": (
        change("limits.extension_days", 0),
        ["Limits: extension_days has to be between 1 and 3,650."],
    ),
    "a limit without one of its levels": (
        drop("limits.catch_up_days.full"),
        ["Limits, catch_up_days: full is missing."],
    ),
    "a limit of an unknown level": (
        change("limits.catch_up_days.heavy", 3),
        ["Limits, catch_up_days: the key 'heavy' is unknown; known are full, light, standard."],
    ),
    "a limit that is one number for all levels": (
        change("limits.catch_up_days", 90),
        ["Limits: catch_up_days has to be a table."],
    ),
    "a factor that is a word": (
        change("limits.measurement_stale_factor", "often"),
        ["Limits: measurement_stale_factor has to be a number such as 1.5."],
    ),
    "a factor that is not a number": (
        change("limits.measurement_stale_factor", float("nan")),
        ["Limits: measurement_stale_factor has to be between 1 and 100."],
    ),
    "a factor without bound": (
        change("limits.measurement_stale_factor", Decimal("0.5")),
        ["Limits: measurement_stale_factor has to be between 1 and 100."],
    ),
    "a limit of ten thousand years": (
        change("limits.pause_days", 3_650_000),
        ["Limits: pause_days has to be between 1 and 3,650."],
    ),
    "an unknown limit": (
        change("limits.coffee_days", 1),
        [
            "Limits: the key 'coffee_days' is unknown; known are "
            f"{', '.join(sorted(TABLES['limits']))}."
        ],
    ),
    "a longer pilot that is shorter": (
        change("limits.pilot_days_with_reason", 30),
        ["Limits: pilot_days_with_reason is shorter than pilot_days."],
    ),
    "reminders that are no days": (
        change("reminders.owner_days_before", ["soon"]),
        ["Reminders: owner_days_before has to be a list of whole numbers of days."],
    ),
    "reminders before the beginning": (
        change("reminders.owner_days_before", [-3]),
        ["Reminders: owner_days_before has to have days between 0 and 3,650."],
    ),
    "leads who hear before the sponsor": (
        change("reminders.leads_days_after", 1),
        ["Reminders: leads_days_after comes before sponsor_days_after."],
    ),
}


class TestInvalidPolicy:
    def test_is_not_what_the_default_policy_is_after_the_round_trip_of_these_tests(self):
        whole = tomllib.loads(default_text())
        assert problems(whole) == problems(TABLES) == []
        assert parse(as_toml(whole), version=1, checks=CHECKS) == POLICY

    @pytest.mark.parametrize("what", MUTATIONS)
    def test_names_this_and_only_this(self, what):
        mutate, expected = MUTATIONS[what]
        tables = copy.deepcopy(TABLES)
        mutate(tables)
        assert problems(tables) == expected

    @pytest.mark.parametrize("check", FIXED_CHECKS)
    @pytest.mark.parametrize("key", INTO_RUNNING)
    def test_names_a_fixed_check_that_is_missing(self, key, check):
        tables = copy.deepcopy(TABLES)
        table = tables["gates"][key]
        table["criteria"] = [c for c in table["criteria"] if c.get("check") != check]
        expected = f"a criterion with the check {check} is missing; it always has one."
        assert problems(tables) == [f"{Gate(key).label} gate: {expected}"]

    @pytest.mark.parametrize(
        "weaker", [{"blocking": False}, {"mandatory": False}, {"applies": {"levels": ["full"]}}]
    )
    @pytest.mark.parametrize("check", FIXED_CHECKS)
    @pytest.mark.parametrize("key", INTO_RUNNING)
    def test_names_a_fixed_check_that_is_weakened(self, key, check, weaker):
        tables = copy.deepcopy(TABLES)
        row(tables["gates"][key]["criteria"], check).update(weaker)
        expected = f"{check} has to be blocking and mandatory, and to apply always."
        assert problems(tables) == [f"{Gate(key).label} gate, criterion {check}: {expected}"]

    @pytest.mark.parametrize("when", ["before_production", "never"])
    def test_names_a_fixed_check_that_is_not_caught_up_on(self, when):
        tables = copy.deepcopy(TABLES)
        row(tables["gates"]["charter"]["criteria"], "nothing_tripped")["catch_up"] = when
        expected = "nothing_tripped is asked of what already ran as well; take its catch_up away."
        assert problems(tables) == [f"Charter gate, criterion nothing_tripped: {expected}"]

    def test_names_a_catch_up_that_too_few_people_would_sign(self):
        """Where the person of an answer signs, and the answer is not asked any more."""
        tables = copy.deepcopy(TABLES)
        sketched = "production_sketch.owner"
        for key in ("charter", "ship_or_kill", "go_live"):
            gate = tables["gates"][key]
            gate["slots"] = [
                {"key": "sponsor", "title": "Sponsor", "role": "sponsor", "meaning": "Yes."},
                {"key": "sketched", "title": "Sketched", "role": sketched, "meaning": "Yes."},
            ]
            gate["people_needed"] = {"light": 2, "standard": 2, "full": 2}
            gate["outsider_from"] = []
        assert problems(tables) == [
            f"Catch-up in the stage Production: at the {level} level 2 people have to sign, but "
            "the gates before it are sure to ask only 1."
            for level in ("light", "standard", "full")
        ]

    def test_names_keys_that_are_too_long_together(self):
        tables = copy.deepcopy(TABLES)
        change(f"{CHARTER}.criteria.stakeholders.fields.users.key", "b" * 60)(tables)
        change(f"{CHARTER}.criteria.stakeholders.key", "a" * 20)(tables)
        assert problems(tables) == [
            f"Charter gate, criterion {'a' * 20}, field {'b' * 60}: both keys together are "
            "longer than 80 characters."
        ]

    def test_names_all_problems_at_once(self):
        tables = copy.deepcopy(TABLES)
        for what in ("a blank reason", "an unknown group", "a limit of nothing"):
            MUTATIONS[what][0](tables)
        assert sorted(problems(tables)) == sorted(
            problem
            for what in ("a blank reason", "an unknown group", "a limit of nothing")
            for problem in MUTATIONS[what][1]
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "=",
            "name = 'x'\nname = 'y'",
            "\x00",
            "[[gates]]",
            "gates = 3",
            "[gates]\ncharter = 1",
        ],
    )
    def test_is_raised_for_whatever_is_no_policy(self, text):
        with pytest.raises(InvalidPolicy) as caught:
            parse(text, version=1, checks=CHECKS)
        assert caught.value.problems
        assert str(caught.value) == "\n".join(caught.value.problems)

    @pytest.mark.parametrize(
        "value", ["[" * 100_000, "9" * 5_000, "1e" + "9" * 30, "inf"], ids=lambda v: v[:3]
    )
    def test_is_raised_for_absurd_nesting_and_numbers(self, value):
        stale = "measurement_stale_factor = "
        with pytest.raises(InvalidPolicy):
            parse(default_text().replace(stale + "1.5", stale + value), version=1, checks=CHECKS)

    def test_is_not_raised_for_a_group_that_the_organisation_added(self):
        text = default_text().replace('group = "operations"', 'group = "clinical_safety"')
        with pytest.raises(InvalidPolicy):
            parse(text, version=2, checks=CHECKS)
        policy = parse(text, version=2, checks=CHECKS, groups=[*GROUPS, "clinical_safety"])
        assert "clinical_safety" in {slot.group for slot in policy.gates[Gate.GO_LIVE].slots}


class TestTheGuide:
    """What docs/policy.md shows can be written into a policy as it stands there."""

    def test_reads_as_it_is_written(self):
        guide = (settings.BASE_DIR / "docs" / "policy.md").read_text()
        shown = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
        text = "\n".join([default_text(), *shown])
        made = parse(text, version=2, checks=CHECKS, groups=[*GROUPS, "works_council"])
        gate = made.gates["go_live"]
        assert [c.key for c in gate.criteria][-1] == [s.key for s in gate.slots][-1]
        assert gate.slots[-1].points == ("works_council",)
