"""What the owners answer at each gate: what the story says itself, the rest in one of three ways.

Words in braces are the story's: what it is called, who works with it, where, and with whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from accounts.models import Person
from initiatives.documents import Offered
from initiatives.stages import Gate, Role
from portfolio.stories.story import Scene
from reviews.policy import Case, Field

FOR_PRODUCTION = (Role.PRODUCTION_OWNER, Role.ON_CALL, Role.DATA_OWNER)
INTRANET = "https://intranet.halden.example"
COST_CENTRES = {
    "Claims": 4100,
    "Customer service": 5200,
    "Underwriting": 3300,
    "Operations": 6100,
    "Human resources": 6400,
    "Life and disability": 4700,
    "Sales and brokers": 5600,
    "Finance and actuarial": 2100,
    "Information technology": 6800,
}
Texts = Mapping[str, tuple[str, ...]]

CHARTER: Texts = {
    "integration_scope.environment": (
        "The acceptance system, with last month's cases and no real names.",
        "Staging, fed each night with a copy of yesterday's cases.",
        "A second queue beside the real one, which only the pilot team sees.",
    ),
    "integration_scope.authentication": (
        "People by single sign-on; the systems with keys of their own, changed each quarter.",
        "Single sign-on with the unit's group; the interface by certificate.",
        "Single sign-on; no shared accounts, and the service account may only read.",
    ),
    "production_sketch.infrastructure": (
        "Platform operations; told before the pilot, has a place for it next quarter.",
        "Platform operations, on the servers that the document service uses already.",
        "The supplier runs it; platform operations watches the interface.",
    ),
}
SHIP_OR_KILL: Texts = {
    "surprises.wrong_outputs": (
        "11 of 600 cases were plainly wrong; {people} noticed nine on the same day, two came "
        "back as complaints. None cost money.",
        "Long cases were cut off in the second week; noticed by {people} within a day, mended.",
        "It was too sure of itself on rare cases: 7 of 450. A person looked at each of them.",
    ),
}
GO_LIVE: Texts = {
    "drift_detection.plan": (
        "The mix of cases each Monday against the pilot's; {oncall} looks into shifts over 5 %.",
        "Every input's spread, weekly; two weeks outside the band open a ticket for {oncall}.",
        "A hundred cases a month are worked twice, with and without {tool}, and compared.",
    ),
    "retraining_plan.plan": (
        "Two months under the threshold; {engineer} trains, {business} approves; better on all "
        "verified cases, then a week in the shadow, switched without downtime.",
        "Once a quarter, or after a change of products; {business} approves what beats the "
        "present one on the verified and on the messy cases.",
        "Only when drift is found; {engineer} prepares it, {business} approves, and the old model "
        "stays for a month.",
    ),
    "supplier_changes.plan": (
        "{vendor} gives 30 days' notice by contract; {engineer} runs the verified cases, "
        "{business} approves.",
        "The version is pinned; {vendor} announces a new one, and it is tried for two weeks "
        "beside the old one.",
        "{vendor} releases twice a year; each release waits in staging until {engineer} has run "
        "all cases.",
    ),
    "supplier_changes.way_out": (
        "All cases can be exported in five days; a second supplier was 3 points worse; 8 weeks.",
        "The interface is ours, so that another supplier fits behind it; about 6 weeks.",
        "Back to working by hand within a day; the contract ends with 60 days' notice.",
    ),
    "feedback_loop.way": (
        "A button beside each result; {owner} reads what came in each Monday.",
        "A channel of the unit; {oncall} answers within a working day and keeps a list.",
        "{people_} mark what is wrong where they work; the list goes to {owner} each Friday.",
    ),
    "degradation_plan.fallback": (
        "Worse than {limit} for two days: {owner} switches it off, and {fallback}.",
        "Two weeks past {limit}, or half a day without it: {fallback}.",
        "At {limit}, or when a third of the results are reported as wrong: {fallback}.",
    ),
    "degradation_plan.manual_practice": (
        "Everybody hired before last year; one morning a quarter is worked without it.",
        "Two people in each team; last practised on {earlier}.",
        "The whole team: one case in twenty is still worked by hand.",
    ),
    "rollback.way_back": (
        "One switch on the deployment page; 4 minutes when tried on {earlier}.",
        "The version before stays deployed; {oncall} moves the traffic in ten minutes.",
        "A setting of the release pipeline; tried on {earlier}, 7 minutes.",
    ),
    "rollback.versions": (
        "Each result is logged with model, prompt and data version; logs are kept for a year.",
        "The version stands in the case's history, beside the result.",
        "Release number and data version are written with every result.",
    ),
    "rollout.steps": (
        "The pilot team first, one more team each week; {oncall} has the off-switch, tried on "
        "{earlier}.",
        "A tenth of the cases, then half, then all, a week each; shift leaders can switch it off.",
        "One office, then all of them; off by a setting {oncall} or a shift leader may change, "
        "tried on {earlier}.",
    ),
    "change_management.plan": (
        "{people_} feared being measured by it; told on {earlier} that no figure names a person. "
        "One hour of training each.",
        "Two hours of training in groups of eight; the colleagues from the pilot give them.",
        "The work shifts from typing to checking; {people} said in the pilot what the screen "
        "should show, and it does.",
    ),
    "change_management.trained": (
        "Four in five; the others before their team is switched over.",
        "All but those on leave, who follow on their return.",
        "Two thirds; nobody gets access without it.",
    ),
    "operating_budget.payer": (
        "{business}, {unit}, cost centre {centre}.",
        "Cost centre {centre}; {sponsor} has confirmed it for this year and the next.",
        "{unit}, cost centre {centre}, in place of two temporary contracts.",
    ),
    "operating_budget.budget_line": (
        "{centre}-07, software; approved until the end of next year.",
        "{centre}-12, services; approved with the spring budget.",
        "{centre}-07; reviewed each autumn with the unit's budget.",
    ),
    "integration.evidence": (
        "{screen}; seen at work by two colleagues from operations on {earlier}.",
        "{screen}, in the acceptance system; the test protocol lies with {engineer}.",
        "{screen}, where the pilot team has used it every day since {earlier}.",
    ),
    "runbook.known_failures": (
        "Long cases time out, and a full queue delays the morning; to {oncall} on {earlier}.",
        "Unknown products end in the manual queue; handed to {oncall} with six examples.",
        "The nightly copy may be late; {oncall} knows how to start it again.",
    ),
    "automated_evaluation.way": (
        "The release pipeline runs all verified cases and refuses what is worse than today.",
        "A nightly run on the verified cases; a release needs three good nights.",
        "Each release, before it can be chosen on the deployment page; past its limit it cannot.",
    ),
    "access_and_isolation.access": (
        "{people_} by single sign-on, four administrators; {owner} checks the list each quarter.",
        "The unit's group alone; leavers lose access the same night.",
        "Two groups, checked by {owner} in March and September; no shared accounts.",
    ),
    "access_and_isolation.isolation": (
        "One case sees no other; nothing is kept beyond 90 days, and nothing is trained on.",
        "Data stays in our data centre, in a database of its own.",
        "Kept apart by customer number; outside parties neither store nor train, as agreed in § 7.",
    ),
    "service_levels.promise": (
        "99.5 % on working days from 7 to 19, answers within 3 s; to {unit}.",
        "99 % a month, and results by 8 in the morning; to {unit}.",
        "99.5 % and two hours to an answer when it fails; to {unit}.",
    ),
    "service_levels.error_budget": (
        "Three hours or 1 % wrong results a month; then no changes until it is stable again.",
        "Half a day a month; when it is used up, releases stop for the rest of the month.",
        "Two failed mornings a quarter; then {owner} decides whether it goes on.",
    ),
    "oversight.way": (
        "A person reads each result before it has any effect, and changes it without a reason.",
        "Nothing is decided without a person; every rejection is read by two.",
        "Results are suggestions; the case cannot be closed before a person has confirmed it.",
    ),
    "oversight.explanation": (
        "The three passages that led to it are shown; letters name them in plain words.",
        "The four figures that weighed most stand beside the result, with last year's.",
        "Each result links to the page of the report it rests on.",
    ),
    "autonomy_limits.limits": (
        "Up to EUR 1,200 a case and EUR 40,000 a day; {owner} reads thirty of them each Friday.",
        "Only what is complete and undisputed; everything else waits for a person.",
        "One reminder a week for each customer, never a third; {owner} sees the list each morning.",
    ),
}
RECERTIFICATION: Texts = {
    "still_true.plans": (
        "Off-switch tried on {earlier}; two alarms since last time, both seen within the hour.",
        "Yes: worked a morning without it on {earlier}; the fallback took 20 minutes to begin.",
        "The monitoring paged {oncall} once, rightly; the fallback was used for half a day.",
    ),
    "still_true.changes": (
        "Two model versions, both evaluated; since spring it is used in the second office too.",
        "One new data source; the rest is as it was approved.",
        "Prompt and interface changed in four releases, each of which passed the verified cases.",
    ),
    "still_true.incidents": (
        "One wrong batch on a Monday after a late data copy; the copy is now checked first.",
        "Nothing serious: nine reports by users, seven of them mended.",
        "Half a day without it in winter; the queue was worked off by hand the same evening.",
    ),
    "still_true.access": (
        "Checked on {earlier}; 5 people who changed jobs were removed.",
        "Checked on {earlier}; nobody had to be removed.",
        "The quarterly check took out 3 accounts.",
    ),
    "duties.oversight": ("In 62 of 2,140 cases; a second person agreed with 55 of them.",),
    "duties.affected_people": ("4 complaints, 1 justified; it was put right within a week.",),
    "duties.groups": ("By age and region, compared in spring: no difference above 2 points.",),
    "duties.drift": ("More mental health reports than before; retrained and approved in May.",),
    "duties.service_levels": ("99.7 % against 99.5 %; the error budget was never used up.",),
    "duties.law": ("The supervisor's new guidance was read by legal; nothing had to change.",),
}
RETIREMENT: Texts = {
    "tidying_up.data": (
        "Index and prompts are deleted; decisions are kept for ten years, as the law asks.",
    ),
    "leaving_production.users_told": (
        "{people_} by mail six weeks before, and by their team leaders; {fallback}.",
    ),
    "leaving_production.dependants_told": (
        "The monthly intake report; {engineer} told its owner, who counts in the platform now.",
    ),
}
TEXTS: dict[str, Texts] = {
    Gate.CHARTER: CHARTER,
    Gate.SHIP_OR_KILL: SHIP_OR_KILL,
    Gate.GO_LIVE: GO_LIVE,
    Gate.RECERTIFICATION: RECERTIFICATION,
    Gate.RETIREMENT: RETIREMENT,
}


def answers(scene: Scene, gate: str, more: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is answered at this gate: what applies to this story, and nothing else."""
    case = scene.story.case(scene.initiative.stage)
    asked = scene.cast.policy.gates[gate].criteria_for(case)
    given = _texts(scene, TEXTS[gate])
    for said in (_charter(scene), _facts(scene), more):
        for key, fields in said.items():
            given[key] = given.get(key, {}) | fields
    return {c.key: given[c.key] for c in asked if c.is_answered and c.key in given}


def _texts(scene: Scene, texts: Texts) -> dict[str, dict[str, Any]]:
    words, place = _words(scene), scene.initiative.pk
    found: dict[str, dict[str, Any]] = {}
    for number, (key, ways) in enumerate(texts.items()):
        criterion, field = key.split(".")
        said = ways[(place + number) % len(ways)].format_map(words)
        found.setdefault(criterion, {})[field] = said[0].upper() + said[1:]
    return found


def _words(scene: Scene) -> dict[str, Any]:
    story = scene.story
    primary = next(metric for metric in story.metrics if metric.is_primary)
    roles = {
        "owner": Role.PRODUCTION_OWNER, "oncall": Role.ON_CALL, "business": Role.BUSINESS_OWNER,
        "engineer": Role.ENGINEERING_OWNER, "sponsor": Role.SPONSOR,
    }  # fmt: skip
    named = {word: scene.who(role).name for word, role in roles.items() if role in story.owners}
    return named | {
        "tool": story.tool,
        "people": story.people,
        "people_": story.people[0].upper() + story.people[1:],
        "screen": story.screen,
        "fallback": story.fallback,
        "vendor": story.vendor,
        "unit": story.unit,
        "centre": COST_CENTRES[story.unit],
        "limit": primary.threshold,
        "earlier": f"{scene.today - timedelta(days=11):%-d %B}",
    }


def _charter(scene: Scene) -> dict[str, dict[str, Any]]:
    """What the owners found out before the pilot, as the charter asks it."""
    story, told = scene.story, scene.story.charter
    if told is None:
        return {}
    condition = {
        "in_pilot": told.in_pilot, "in_production": told.in_production, "closes": told.closes,
    }  # fmt: skip
    source = {
        "source": told.source, "owner": scene.who(Role.BUSINESS_OWNER).name,
        "quality": told.quality, "access": "Two days, by a request to the data office.",
        "privacy": "No personal data; our contracts allow this use.",
    }  # fmt: skip
    tried = {
        "day": -21, "approach": told.tried, "kind": "Without AI", "result": told.came_out,
    }  # fmt: skip
    return {
        "data_audit": {"sources": [source]},
        "integration_scope": {"workflow": story.screen, "data_contract": told.contract},
        "approach_decision": {"tried": [tried], "gap": told.gap},
        "pilot_conditions": {"conditions": [condition]},
        "conditions_ledger": {"conditions": [condition]},
        "privacy_assessment": {
            "assessment": told.privacy, "document": _document(scene, "privacy-assessment"),
        },
        "employees_consulted": {
            "answer": told.employees, "document": _document(scene, "works-council"),
            "outcome": "No figures per person and no use in appraisals; nothing is disputed.",
        },
    }  # fmt: skip


def _document(scene: Scene, name: str) -> str:
    return f"{INTRANET}/{scene.initiative.reference.lower()}/{name}"


def _facts(scene: Scene) -> dict[str, dict[str, Any]]:
    """People, days, figures and links."""
    story, number = scene.story, scene.initiative.pk
    production = story.owners.get(Role.PRODUCTION_OWNER, "ruth.adeyemi")
    business = story.owners.get(Role.BUSINESS_OWNER, "")
    tried = scene.today - timedelta(days=11)
    budget = f"{scene.who(Role.BUSINESS_OWNER).name}, {story.unit}, {COST_CENTRES[story.unit]}"
    return {
        "production_sketch": {
            "owner": production, "run_cost": story.monthly_cost, "payer": budget,
            "involved": "It works with us",
        },
        "stakeholders": {
            "users": _speaker(scene), "compliance": "helene.marchand", "security": "clara.weiss",
        },
        "wrong_outputs": {"owner": business},
        "drift_detection": {"person": story.owners.get(Role.ON_CALL, "")},
        "retraining_plan": {"approver": business},
        "feedback_loop": {"hours_to_notice": 8 + number % 3 * 8},
        "rollout": {"off_switch_tried": tried},
        "integration": {"latency_budget": 2 + number % 4},
        "runbook": {"link": f"{INTRANET}/runbooks/{scene.initiative.reference.lower()}"},
        "oversight": {"person": business},
        "still_true": {"off_switch_tried": tried},
        "tidying_up": {"access": "yusuf.arslan", "spend": "viktor.salo"},
        "leaving_production": {"last_day": scene.today},
    }  # fmt: skip


def _speaker(scene: Scene) -> str:
    """Who speaks for the users: the unit's head, or a colleague where that is the owner."""
    taken = scene.story.owners.values()
    return next(key for key in ("lena.fisk", "amara.diallo", "bram.dekker") if key not in taken)


def filled_in(
    criterion: str, values: Mapping[str, Any], scene: Scene
) -> tuple[dict[str, Any], dict[str, Person | None]]:
    """The fields that are asked of this story, and the people named in them."""
    case = scene.story.case(scene.initiative.stage)
    its_fields = scene.cast.asked[criterion].fields_for(case)
    asked = {f.key: f for f in its_fields if f.key in values}
    named = {key for key, field in asked.items() if field.type == "person"}
    fields = {k: _filled_in(f, values[k], case, scene) for k, f in asked.items() if k not in named}
    return fields, {key: scene.cast.people[values[key]] for key in named}


def _filled_in(field: Field, value: Any, case: Case, scene: Scene) -> Any:
    if field.type == "table":
        keys = [column.key for column in field.columns_for(case)]
        return [{key: _day(row.get(key, ""), scene) for key in keys} for row in value]
    if field.type == "file":
        return Offered(url=value)
    return value.isoformat() if isinstance(value, date) else value


def _day(cell: Any, scene: Scene) -> Any:
    """A day is told by how long before the registration it was."""
    if isinstance(cell, int):
        return (scene.initiative.registered_at + timedelta(days=cell)).date().isoformat()
    return cell


def evaluation_set(scene: Scene, size: int, *, is_messy: bool) -> dict[str, Any]:
    """The verified cases, or some as they come in on a bad day."""
    place = f"{INTRANET}/evaluation/{scene.initiative.reference.lower()}"
    if is_messy:
        return {
            "name": "Unsorted cases of one week", "is_messy": True, "size": size // 4,
            "verified_by": "The pilot team, two people for each case", "location": f"{place}/messy",
        }  # fmt: skip
    return {
        "name": f"{size} verified cases", "size": size, "location": place,
        "verified_by": f"{scene.who(Role.BUSINESS_OWNER).name} and two colleagues",
        "owner": scene.who(Role.ENGINEERING_OWNER),
    }  # fmt: skip
