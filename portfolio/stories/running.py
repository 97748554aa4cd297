"""Initiatives that ran before Gatehouse came, declared where they are."""

from initiatives.stages import Role, Stage
from portfolio.stories.deeds import monthly, offered, spent
from portfolio.stories.story import Metrics, Story

INVOICE_CODING = Story(
    name="Coding of supplier invoices",
    unit="Operations",
    registered=52,
    declared=Stage.READINESS_REVIEW,
    running_since=60,
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
            baseline="0 %",
            threshold="80 %",
            target="90 %",
            method="Share of invoices that nobody changed before booking.",
            kill="60 %",
            measured=((40, "71 %", 3_180), (26, "78 %", 3_410), (12, "84 %", 3_390)),
        ),
    ),
    happened=spent((45, 9_800), (20, 2_400)),
)

FRAUD_SIGNALS = Story(
    name="Fraud signals in motor claims",
    unit="Claims",
    registered=120,
    declared=Stage.PRODUCTION,
    running_since=610,
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
            baseline="12 %",
            threshold="25 %",
            target="35 %",
            method="Investigations closed in the month, confirmed against all.",
            measured=((100, "34 %", 310), (70, "31 %", 295), (40, "28 %", 322), (10, "26 %", 301)),
        ),
    ),
    happened=(
        *monthly(118, 5, 11_000),
        *offered(
            20,
            "leo.fontaine",
            "joao.prates",
            "Leo goes back to pricing in the new year. He has time in December to show you.",
        ),
        *offered(
            2,
            "dario.conti",
            "joao.prates",
            "Dario has left. Who knows the scoring platform best after him?",
            declined="I have never seen the scoring platform. Priya built half of it.",
        ),
        *offered(
            1,
            "dario.conti",
            "priya.nair",
            "Dario has left. Yusuf's team keeps it running and can show you how.",
        ),
    ),
)

ROOF_IMAGES = Story(
    name="Storm damage from aerial images",
    unit="Claims",
    registered=150,
    declared=Stage.PRODUCTION,
    running_since=380,
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
            baseline="31",
            threshold="20 days",
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
    happened=monthly(148, 10, 16_500),
)
