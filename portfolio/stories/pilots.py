"""Initiatives in their pilot: one late, one that reached its threshold, one that tripped."""

from initiatives.models.charter import MetricKind
from initiatives.stages import Role
from portfolio.stories.deeds import spent
from portfolio.stories.gates import passed
from portfolio.stories.story import Metrics, Story

CLAIMS_TRIAGE = Story(
    name="Claims document triage",
    unit="Claims",
    registered=82,
    description={
        "problem": "Every day 640 letters and photos arrive with claims. Handlers read each one to "
        "find where it belongs; a claim waits four hours before anybody works on it.",
        "users": "38 claims handlers in two offices, and everybody who waits for an answer.",
        "outcome": "A claim reaches the right handler within the hour, with its documents sorted.",
        "process": "Intake of household claims: the step in which a handler assigns documents.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.ENGINEERING_OWNER: "priya.nair",
        Role.BUDGET_OWNER: "mei.tanaka",
    },
    yes=("personal_data",),
    pilot_budget=90_000,
    monthly_cost=39_000,
    metrics=(
        Metrics(
            name="time until a claim is with its handler",
            baseline="4 h",
            threshold="45 min",
            target="30 min",
            method="Median over all household claims of a week, from the claims system.",
            source="Claims system, nightly",
            kill="2 h",
            measured=(
                (56, "3.6 h", 512),
                (49, "2.9 h", 601),
                (42, "2.1 h", 655),
                (35, "95 min", 640),
                (28, "74 min", 702),
                (21, "61 min", 688),
                (14, "55 min", 731),
                (7, "52 min", 812),
            ),
        ),
        Metrics(
            name="documents assigned wrongly",
            kind=MetricKind.QUALITY,
            baseline="9 %",
            threshold="5 %",
            target="3 %",
            method="Handlers mark what reached them by mistake.",
            measured=((35, "7.5 %", 640), (21, "5.8 %", 688), (7, "4.6 %", 812)),
        ),
    ),
    answers={
        "data_audit": {
            "sources": [
                {
                    "source": "Letters and photos in the claims archive",
                    "owner": "Tomas Berger",
                    "quality": "200 documents were read by hand: 6 % unreadable scans.",
                },
                {
                    "source": "Claim master data in the claims system",
                    "owner": "Oskar Lind",
                    "quality": "Complete; 3 % of the letters have no claim number.",
                },
            ],
        },
        "integration_scope": {
            "workflow": "In the intake queue of the claims system, where handlers already work.",
            "data_contract": "In: document and claim number. Out: queue and confidence. The "
            "claims platform team promises both forms.",
            "environment": "The claims system's staging environment with a copy of last month.",
        },
        "production_sketch": {
            "owner": "ruth.adeyemi",
            "infrastructure": "Platform operations",
            "run_cost": 6_500,
            "payer": "Claims, cost centre 4100",
        },
        "approach_decision": {
            "tried": [
                {
                    "day": -21,
                    "approach": "Rules on sender and form number.",
                    "kind": "Without AI",
                    "result": "41 % of documents sorted, too few.",
                }
            ],
            "gap": "Photos and free letters carry no form number; no product knows our queues.",
        },
        "pilot_conditions": {
            "conditions": [
                {
                    "in_pilot": "Twelve volunteers, household claims, a colleague mends mistakes.",
                    "closes": "Training for all 38, motor claims from month two, a queue.",
                }
            ],
        },
        "stakeholders": {"users": "lena.fisk"},
        "privacy_assessment": {
            "assessment": "Health data in letters: processed in our data centre, deleted after "
            "90 days; assessed by the data protection officer, no objection.",
        },
    },
    happened=(
        *passed(65, "Clear baseline, small scope, and handlers asked for it."),
        *spent((60, 21_000), (40, 18_500), (15, 26_000)),
    ),
)

CALL_SUMMARIES = Story(
    name="Call summaries",
    unit="Customer service",
    registered=58,
    description={
        "problem": "After each call an agent writes a summary for four minutes; at the end of a "
        "shift the summaries get short, and colleagues ask the customer again.",
        "users": "120 agents of the contact centre.",
        "outcome": "Agents check a summary instead of writing it.",
        "process": "Wrap-up of a call: the agent confirms what was agreed.",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "lena.fisk",
        Role.ENGINEERING_OWNER: "priya.nair",
        Role.BUDGET_OWNER: "lena.fisk",
    },
    yes=("personal_data", "bought"),
    vendor="Brightline Voice",
    pilot_budget=60_000,
    monthly_cost=13_000,
    metrics=(
        Metrics(
            name="wrap-up time per call",
            baseline="4 min",
            threshold="90 s",
            target="60 s",
            method="Mean over all calls of the pilot teams, from the telephone system.",
            source="Telephone system, weekly",
            kill="3 min",
            measured=(
                (27, "190 s", 2_140),
                (20, "130 s", 2_310),
                (13, "96 s", 2_290),
                (6, "81 s", 2_405),
            ),
        ),
    ),
    answers={
        "data_audit": {
            "sources": [
                {
                    "source": "Call recordings in the telephone system; a week.",
                    "owner": "Lena Fisk",
                    "quality": "100 recordings were listened to: 8 % too noisy to summarise.",
                }
            ],
        },
        "integration_scope": {
            "workflow": "In the wrap-up window that opens after each call.",
            "data_contract": "In: recording. Out: up to five sentences. Brightline Voice promises "
            "both in the contract.",
            "environment": "The contact centre's test system, with recorded calls.",
        },
        "production_sketch": {
            "owner": "ruth.adeyemi",
            "infrastructure": "Platform operations",
            "run_cost": 13_000,
            "payer": "Customer service, cost centre 5200",
        },
        "approach_decision": {
            "tried": [
                {
                    "day": -21,
                    "approach": "A template with tick boxes.",
                    "kind": "Without AI",
                    "result": "40 s faster, but agents skipped it.",
                }
            ],
        },
        "pilot_conditions": {
            "conditions": [
                {
                    "in_pilot": "Two teams, calls in one language, quiet rooms.",
                    "closes": "Headsets for all, and a test with the second language in week five.",
                }
            ],
        },
        "stakeholders": {"users": "joao.prates"},
        "privacy_assessment": {
            "assessment": "Callers are told at the beginning; recordings stay in the country.",
        },
    },
    happened=(
        *passed(32, "Cheap to try, and the metric is measured already."),
        *spent((30, 14_000), (8, 9_500)),
    ),
)

RENEWAL_PRICING = Story(
    name="Renewal price suggestions",
    unit="Underwriting",
    registered=70,
    description={
        "problem": "Underwriters price 900 commercial renewals a month; one in nine customers "
        "leaves over a price that nobody had looked at.",
        "users": "26 underwriters.",
        "outcome": "Fewer customers leave at renewal, at the same margin.",
        "process": "Renewal of commercial policies: the underwriter sets the price.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "oskar.lind",
        Role.ENGINEERING_OWNER: "joao.prates",
        Role.BUDGET_OWNER: "oskar.lind",
    },
    yes=("confidential_data_leaves",),
    pilot_budget=120_000,
    monthly_cost=18_000,
    metrics=(
        Metrics(
            name="customers lost at renewal",
            baseline="11 %",
            threshold="9 %",
            target="8 %",
            method="Share of renewals not taken up in the month, pilot team against the others.",
            source="Policy system, weekly",
            kill="11 %",
            in_a_row=3,
            measured=(
                (24, "10.6 %", 210),
                (17, "11.3 %", 224),
                (10, "11.9 %", 231),
                (3, "12.4 %", 219),
            ),
        ),
    ),
    answers={
        "data_audit": {
            "sources": [
                {
                    "source": "Five years of renewals in the policy system.",
                    "owner": "Oskar Lind",
                    "quality": "A reason for leaving is recorded for 62 % of lost customers.",
                    "privacy": "Company data only; our broker contracts allow this use.",
                }
            ],
        },
        "integration_scope": {
            "workflow": "On the renewal sheet, beside last year's price.",
            "data_contract": "In: policy and loss history. Out: a price range with its reasons.",
            "environment": "Staging of the policy system.",
        },
        "production_sketch": {
            "owner": "ruth.adeyemi",
            "infrastructure": "Platform operations",
            "run_cost": 9_000,
            "payer": "Underwriting, cost centre 3300",
        },
        "approach_decision": {
            "tried": [
                {
                    "day": -21,
                    "approach": "A list of renewals over 20 % dearer.",
                    "kind": "Without AI",
                    "result": "Prevented two losses in a month.",
                }
            ],
            "gap": "Only our loss history says which customers are worth keeping.",
        },
        "pilot_conditions": {
            "conditions": [
                {
                    "in_pilot": "One team of eight, customers below 50 employees.",
                    "closes": "Larger customers in the second half of the pilot.",
                }
            ],
        },
        "stakeholders": {"users": "tomas.berger"},
    },
    happened=(
        *passed(29, "Losing customers costs more than this pilot."),
        *spent((20, 31_000)),
    ),
)
