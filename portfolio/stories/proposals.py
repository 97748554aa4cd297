"""Initiatives before their charter, and one that was stopped there."""

from initiatives.stages import Role
from portfolio.stories.deeds import moved_threshold
from portfolio.stories.gates import Outcome, asked_for, asks, killed
from portfolio.stories.story import Metrics, Story

POLICY_QUESTIONS = Story(
    name="Answers to policy questions",
    unit="Customer service",
    registered=16,
    description={
        "problem": "A third of all calls ask what a policy covers. Agents search the conditions "
        "for six minutes while the customer waits.",
        "users": "120 agents, and 300 callers a day.",
        "outcome": "The agent has the clause and its page while the customer is still talking.",
        "process": "First call: the agent says whether something is covered.",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.ENGINEERING_OWNER: "priya.nair",
        Role.BUDGET_OWNER: "mei.tanaka",
    },
    yes=(),
    pilot_budget=48_000,
    monthly_cost=7_000,
    metrics=(
        Metrics(
            name="time to a coverage answer",
            baseline="6 min",
            threshold="2 min",
            target="90 s",
            method="Stopwatch by the team leads, 50 calls a week.",
            kill="4 min",
            is_automatic=False,
        ),
    ),
    answers={
        "data_audit": {
            "sources": [
                {
                    "source": "Policy conditions since 2009 as PDF; free to use.",
                    "owner": "Oskar Lind",
                    "quality": "14 of 220 documents are scans without text.",
                    "privacy": "None: the conditions are public.",
                }
            ],
        },
        "integration_scope": {
            "workflow": "Beside the call window, opened by the topic of the call.",
            "data_contract": "In: the question. Out: clause, page and wording, never advice.",
            "environment": "The contact centre's test system.",
        },
        "production_sketch": {
            "owner": "ruth.adeyemi",
            "infrastructure": "Platform operations",
            "run_cost": 7_000,
            "payer": "Customer service, cost centre 5200",
        },
        "approach_decision": {
            "tried": [
                {
                    "day": -21,
                    "approach": "A better index.",
                    "kind": "Without AI",
                    "result": "Finds the document, not the clause.",
                }
            ],
            "gap": "Clauses refer to each other; search alone shows one of them.",
        },
        "pilot_conditions": {
            "conditions": [
                {
                    "in_pilot": "Household policies, one team, the experts sit next door.",
                    "closes": "Motor policies and the second site before the end of the pilot.",
                }
            ],
        },
        "stakeholders": {"users": "lena.fisk"},
    },
    happened=(
        *asked_for(4, waits=("business_owner", "compliance")),
        *asks(
            2,
            "helene.marchand",
            "lena.fisk",
            "Which answers are read by somebody before a customer hears them? @Tomas Berger knows "
            "how claims does it.",
            about="pilot_conditions",
        ),
        *moved_threshold(1.5, "150 s"),
    ),
)

APPLICATION_SCREENING = Story(
    name="Sorting job applications",
    unit="Human resources",
    registered=24,
    description={
        "problem": "Each opening brings 180 applications; a first answer takes three weeks.",
        "users": "Nine recruiters, and everybody who applies.",
    },
    owners={Role.SPONSOR: "martin.holt", Role.BUSINESS_OWNER: "lena.fisk"},
    silent=(Role.SPONSOR,),
    yes=("decides_about_people", "personal_data", "affects_employees", "bought"),
    vendor="Talentgrid",
)

SUBROGATION = Story(
    name="Recovery letters",
    unit="Claims",
    registered=6,
    description={
        "problem": "Every fourth case in which somebody else has to pay is never pursued, because "
        "the letter takes an hour to write.",
        "users": "Six lawyers and their assistants.",
    },
    owners={Role.BUSINESS_OWNER: "tomas.berger"},
)

PHONE_BOT = Story(
    name="Voice bot for first notice of loss",
    unit="Customer service",
    registered=200,
    description={
        "problem": "After a storm callers wait 40 minutes to report a loss.",
        "users": "Up to 2,000 callers a day.",
        "outcome": "Every caller can report a loss within five minutes.",
        "process": "First notice of loss by telephone.",
    },
    owners={Role.SPONSOR: "ingrid.vale", Role.BUSINESS_OWNER: "lena.fisk"},
    yes=("talks_to_public", "personal_data", "acts_without_approval", "bought"),
    vendor="Brightline Voice",
    pilot_budget=80_000,
    happened=killed(
        160,
        Outcome.USE_CASE_WRONG,
        "Callers in distress hung up; a call-back list solves the queue for a tenth.",
        "Ask what the queue is made of before automating the call: most wanted a call back.",
    ),
)
