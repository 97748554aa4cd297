"""What happened at Halden Mutual: the ten stories that the demo portfolio tells."""

from __future__ import annotations

from dataclasses import dataclass, field

from initiatives.models.charter import MetricKind
from initiatives.stages import Role, Stage
from initiatives.units import Direction, UnitKind

UNITS = ("Claims", "Customer service", "Underwriting", "Operations", "Human resources")
# Colleagues whom one cannot sign in as from the sign-in page; owners and signers have to differ.
COLLEAGUES = {
    "martin.holt": ("Martin Holt", "Chief operating officer"),
    "lena.fisk": ("Lena Fisk", "Head of customer service"),
    "joao.prates": ("João Prates", "Machine learning engineer"),
    "ruth.adeyemi": ("Ruth Adeyemi", "Platform operations lead"),
    "oskar.lind": ("Oskar Lind", "Head of underwriting"),
    "mei.tanaka": ("Mei Tanaka", "Finance controller"),
    "dario.conti": ("Dario Conti", "Data engineer"),
}
LEAVER = "dario.conti"
PERSON_FIELDS = ("owner", "users", "compliance", "security")


@dataclass(frozen=True)
class Metrics:
    """A metric, its kill condition, and its measurements as (days ago, value, sample)."""

    name: str
    unit_kind: str
    direction: str
    baseline: str
    threshold: str
    target: str
    method: str
    unit: str = ""
    kind: str = MetricKind.BUSINESS
    is_primary: bool = True
    source: str = ""
    kill: str | None = None
    in_a_row: int | None = None
    is_automatic: bool = True
    measured: tuple[tuple[int, str, int | None], ...] = ()


@dataclass(frozen=True)
class Story:
    """One initiative and how far it got; days count back from today."""

    name: str
    unit: str
    registered_days_ago: int
    description: dict[str, str]
    owners: dict[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    yes: tuple[str, ...] | None = None
    vendor: str = ""
    pilot_budget: int | None = None
    monthly_cost: int | None = None
    metrics: tuple[Metrics, ...] = ()
    charter_answers: dict[str, dict[str, str | int]] = field(default_factory=dict)
    signers: tuple[str, ...] = ()
    charter_days_ago: int | None = None
    charter_reason: str = ""
    spend: tuple[tuple[int, int], ...] = ()
    declared: str | None = None
    running_since_days_ago: int = 0
    review_days_ago: int | None = None
    moved_threshold: str | None = None
    killed_days_ago: int | None = None
    killed_because: str = ""
    lesson: str = ""


CLAIMS_TRIAGE = Story(
    name="Claims document triage",
    unit="Claims",
    registered_days_ago=82,
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
            unit_kind=UnitKind.DURATION,
            direction=Direction.LOWER,
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
            is_primary=False,
            unit_kind=UnitKind.PERCENT,
            direction=Direction.LOWER,
            baseline="9 %",
            threshold="5 %",
            target="3 %",
            method="Handlers mark what reached them by mistake.",
            measured=((35, "7.5 %", 640), (21, "5.8 %", 688), (7, "4.6 %", 812)),
        ),
    ),
    charter_answers={
        "data_audit": {
            "sources": "Letters and photos in the claims archive; owner Tomas Berger; read access "
            "was granted in a day. Claim master data in the claims system; owner Oskar Lind.",
            "quality": "200 documents were read by hand: 6 % unreadable scans, 3 % without a "
            "claim number.",
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
            "simplest": "Rules on sender and form number: 41 % of documents sorted, too few.",
            "gap": "Photos and free letters carry no form number; no product knows our queues.",
        },
        "pilot_conditions": {
            "in_pilot": "Twelve volunteers, household claims only, a colleague mends mistakes.",
            "closes": "Training for all 38, motor claims in the second month, a correction queue.",
        },
        "stakeholders": {"users": "lena.fisk"},
        "privacy_assessment": {
            "assessment": "Health data in letters: processed in our data centre, deleted after "
            "90 days; assessed by the data protection officer, no objection.",
        },
    },
    signers=("martin.holt", "tomas.berger", "priya.nair", "helene.marchand"),
    charter_days_ago=65,
    charter_reason="Clear baseline, small scope, and handlers asked for it.",
    spend=((60, 21_000), (40, 18_500), (15, 26_000)),
)

CALL_SUMMARIES = Story(
    name="Call summaries",
    unit="Customer service",
    registered_days_ago=58,
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
            unit_kind=UnitKind.DURATION,
            direction=Direction.LOWER,
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
    charter_answers={
        "data_audit": {
            "sources": "Call recordings in the telephone system; owner Lena Fisk; a week.",
            "quality": "100 recordings were listened to: 8 % too noisy to summarise.",
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
            "simplest": "A template with tick boxes: 40 s faster, but agents skipped it.",
        },
        "pilot_conditions": {
            "in_pilot": "Two teams, calls in one language, quiet rooms.",
            "closes": "Headsets for all, and a test with the second language in week five.",
        },
        "stakeholders": {"users": "joao.prates"},
        "privacy_assessment": {
            "assessment": "Callers are told at the beginning; recordings stay in the country.",
        },
    },
    signers=("ingrid.vale", "lena.fisk", "priya.nair", "helene.marchand"),
    charter_days_ago=32,
    charter_reason="Cheap to try, and the metric is measured already.",
    spend=((30, 14_000), (8, 9_500)),
)

RENEWAL_PRICING = Story(
    name="Renewal price suggestions",
    unit="Underwriting",
    registered_days_ago=70,
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
            unit_kind=UnitKind.PERCENT,
            direction=Direction.LOWER,
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
    charter_answers={
        "data_audit": {
            "sources": "Five years of renewals in the policy system; owner Oskar Lind.",
            "quality": "A reason for leaving is recorded for 62 % of lost customers.",
            "privacy": "Company data only; our broker contracts allow this use.",
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
            "simplest": "A list of renewals over 20 % dearer: prevented two losses in a month.",
            "gap": "Only our loss history says which customers are worth keeping.",
        },
        "pilot_conditions": {
            "in_pilot": "One team of eight, customers below 50 employees.",
            "closes": "Larger customers in the second half of the pilot.",
        },
        "stakeholders": {"users": "tomas.berger"},
    },
    signers=("martin.holt", "oskar.lind", "joao.prates", "helene.marchand", "samuel.okoye"),
    charter_days_ago=29,
    charter_reason="Losing customers costs more than this pilot.",
    spend=((20, 31_000),),
)

POLICY_QUESTIONS = Story(
    name="Answers to policy questions",
    unit="Customer service",
    registered_days_ago=16,
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
            unit_kind=UnitKind.DURATION,
            direction=Direction.LOWER,
            baseline="6 min",
            threshold="2 min",
            target="90 s",
            method="Stopwatch by the team leads, 50 calls a week.",
            kill="4 min",
            is_automatic=False,
        ),
    ),
    charter_answers={
        "data_audit": {
            "sources": "Policy conditions since 2009 as PDF; owner Oskar Lind; free to use.",
            "quality": "14 of 220 documents are scans without text.",
            "privacy": "None: the conditions are public.",
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
            "simplest": "A better index: finds the document, not the clause.",
            "gap": "Clauses refer to each other; search alone shows one of them.",
        },
        "pilot_conditions": {
            "in_pilot": "Household policies, one team, the experts sit next door.",
            "closes": "Motor policies and the second site before the end of the pilot.",
        },
        "stakeholders": {"users": "lena.fisk"},
    },
    signers=("ingrid.vale", "priya.nair"),
    review_days_ago=4,
    moved_threshold="150 s",
)

APPLICATION_SCREENING = Story(
    name="Sorting job applications",
    unit="Human resources",
    registered_days_ago=24,
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
    registered_days_ago=6,
    description={
        "problem": "Every fourth case in which somebody else has to pay is never pursued, because "
        "the letter takes an hour to write.",
        "users": "Six lawyers and their assistants.",
    },
    owners={Role.BUSINESS_OWNER: "tomas.berger"},
)

INVOICE_CODING = Story(
    name="Coding of supplier invoices",
    unit="Operations",
    registered_days_ago=52,
    declared=Stage.READINESS_REVIEW,
    running_since_days_ago=60,
    description={
        "problem": "Two people type account codes for 3,400 invoices a month.",
        "users": "The accounting team.",
        "outcome": "Invoices are booked on the day they arrive.",
        "process": "Accounts payable: choosing account and cost centre.",
    },
    owners={
        Role.SPONSOR: "mei.tanaka",
        Role.BUSINESS_OWNER: "mei.tanaka",
        Role.ENGINEERING_OWNER: "joao.prates",
    },
    yes=("bought",),
    vendor="Ledgerwise",
    pilot_budget=20_000,
    monthly_cost=2_400,
    metrics=(
        Metrics(
            name="invoices booked without a correction",
            unit_kind=UnitKind.PERCENT,
            direction=Direction.HIGHER,
            baseline="0 %",
            threshold="80 %",
            target="90 %",
            method="Share of invoices that nobody changed before booking.",
            kill="60 %",
            measured=((40, "71 %", 3_180), (26, "78 %", 3_410), (12, "84 %", 3_390)),
        ),
    ),
    spend=((45, 9_800), (20, 2_400)),
)

FRAUD_SIGNALS = Story(
    name="Fraud signals in motor claims",
    unit="Claims",
    registered_days_ago=120,
    declared=Stage.PRODUCTION,
    running_since_days_ago=610,
    description={
        "problem": "Organised fraud in motor claims is found by chance.",
        "users": "The special investigation team, 11 people.",
        "outcome": "Investigators look at the right one per cent of claims.",
        "process": "Payment release: which claims are held for a second look.",
        "system_name": "Claims scoring platform",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.PRODUCTION_OWNER: "dario.conti",
        Role.ON_CALL: "dario.conti",
    },
    yes=("decides_about_people", "personal_data"),
    monthly_cost=11_000,
    metrics=(
        Metrics(
            name="confirmed fraud among held claims",
            unit_kind=UnitKind.PERCENT,
            direction=Direction.HIGHER,
            baseline="12 %",
            threshold="25 %",
            target="35 %",
            method="Investigations closed in the month, confirmed against all.",
            measured=((100, "34 %", 310), (70, "31 %", 295), (40, "28 %", 322), (10, "26 %", 301)),
        ),
    ),
    spend=((90, 33_000), (30, 33_000)),
)

ROOF_IMAGES = Story(
    name="Storm damage from aerial images",
    unit="Claims",
    registered_days_ago=150,
    declared=Stage.PRODUCTION,
    running_since_days_ago=380,
    description={
        "problem": "After a storm an adjuster needs nine days to see every roof.",
        "users": "24 adjusters.",
        "outcome": "The worst roofs are visited first, and small damage is paid at once.",
        "process": "Storm claims: the order of visits, and payment without one.",
        "system_name": "Aerial damage service",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.PRODUCTION_OWNER: "ruth.adeyemi",
        Role.ON_CALL: "ruth.adeyemi",
    },
    yes=("bought",),
    vendor="Skyward Imaging",
    monthly_cost=16_500,
    metrics=(
        Metrics(
            name="days until a storm claim is settled",
            unit_kind=UnitKind.COUNT,
            unit="days",
            direction=Direction.LOWER,
            baseline="31",
            threshold="20",
            target="15",
            method="Median over all storm claims of the quarter.",
            measured=(
                (140, "22", 1_904),
                (110, "19", 2_077),
                (80, "17", 1_511),
                (50, "16", 988),
                (20, "14", 1_240),
            ),
        ),
    ),
    spend=((120, 49_500), (30, 49_500)),
)

PHONE_BOT = Story(
    name="Voice bot for first notice of loss",
    unit="Customer service",
    registered_days_ago=200,
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
    killed_days_ago=160,
    killed_because="Callers in distress hung up; a call-back list solves the queue for a tenth.",
    lesson="Ask what the queue is made of before automating the call: most wanted a call back.",
)

ALL = (
    CLAIMS_TRIAGE,
    CALL_SUMMARIES,
    RENEWAL_PRICING,
    POLICY_QUESTIONS,
    APPLICATION_SCREENING,
    SUBROGATION,
    INVOICE_CODING,
    FRAUD_SIGNALS,
    ROOF_IMAGES,
    PHONE_BOT,
)
