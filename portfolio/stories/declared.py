"""What ran before anybody asked: declared where it stands, with gates still to be caught up on."""

from initiatives.stages import Role, SpecialReview, Stage
from portfolio.stories.deeds import asked, evaluated, monthly, off
from portfolio.stories.gates import asked_for, caught_up, resumed, suspended
from portfolio.stories.story import Charter, Metrics, Story, over, quality

TENANT_SCORING = Story(
    name="Rating of commercial tenants",
    unit="Underwriting",
    registered=88,
    declared=Stage.PRODUCTION,
    running_since=1_130,
    description={
        "problem": "Rent guarantees for shops need a rating that used to take two days.",
        "users": "Five underwriters of guarantees.",
        "outcome": "A rating within the hour.",
        "process": "Rent guarantees: whether a tenant is accepted, and at which premium.",
        "system_name": "Guarantee workbench",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "oskar.lind",
        Role.PRODUCTION_OWNER: "yusuf.arslan",
    },
    silent=(Role.PRODUCTION_OWNER,),
    yes=("decides_about_people", "bought"),
    is_confirmed=False,
    vendor="Ratewell",
    monthly_cost=5_400,
    metrics=(
        Metrics(
            "guarantees that were called",
            "3.4 %",
            "2.5 %",
            "2 %",
            "Share of the guarantees in force, over twelve months.",
            measured=over(80, 30, "2.7 2.6 2.6", 2_210),
        ),
    ),
    happened=monthly(80, 15, 5_300),
)

WEBSITE_CHAT = Story(
    name="Chat on the website",
    unit="Customer service",
    registered=88,
    declared=Stage.PRODUCTION,
    running_since=505,
    description={
        "problem": "Simple questions reach the contact centre outside its hours.",
        "users": "About 400 visitors a day.",
        "process": "Website: what a visitor is told before a person answers.",
        "system_name": "Halden.example website",
    },
    owners={Role.SPONSOR: "ingrid.vale"},
    declined={Role.BUSINESS_OWNER: "lena.fisk", Role.PRODUCTION_OWNER: "ruth.adeyemi"},
    yes=("talks_to_public", "personal_data", "bought"),
    is_confirmed=False,
    vendor="Chatterwell",
    monthly_cost=3_900,
    happened=(
        *monthly(75, 15, 3_900),
        *suspended(
            41.3,
            "samuel.okoye",
            "Two visitors were shown the policy number of another customer. The supplier cannot "
            "say since when; until it can, nobody talks to it.",
        ),
        *off(41.1, Role.SPONSOR),
        *resumed(
            38.4,
            "A shared cache, gone since Tuesday; security tried it with 200 conversations.",
        ),
    ),
)

CALL_FORECAST = Story(
    name="Forecast of telephone load",
    unit="Customer service",
    registered=86,
    declared=Stage.PRODUCTION,
    running_since=870,
    description={
        "problem": "Shifts were planned by last year's calendar; storms were not in it.",
        "users": "Three shift planners.",
        "outcome": "Callers wait less than a minute in four weeks of five.",
        "process": "Shift planning of the contact centre, two weeks ahead.",
        "system_name": "Shift planner",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "lena.fisk",
        Role.ENGINEERING_OWNER: "joao.prates",
        Role.PRODUCTION_OWNER: "ruth.adeyemi",
        Role.ON_CALL: "iris.chen",
    },
    yes=(),
    monthly_cost=700,
    pilot_budget=0,
    metrics=(
        Metrics(
            "error of the weekly forecast",
            "19 %",
            "10 %",
            "7 %",
            "Mean absolute error over the weeks of the month.",
            measured=over(82, 14, "8.8 9.1 8.2 7.9 7.6 7.7"),
        ),
        quality("shifts planned too small", "14 %", "8 %", "5 %", over(75, 30, "7 6 6")),
    ),
    charter=Charter(
        source="Calls by the quarter of an hour since 2019, in the telephone system",
        quality="Complete but for two days; transferred calls are marked.",
        contract="In: calls, calendar, weather. Out: calls expected for each half hour.",
        tried="Last year's calendar, moved by a week.",
        came_out="19 % beside it.",
        in_pilot="It never had one.",
        in_production="Five hundred lines.",
        closes="Nothing: it runs.",
    ),
    tool="the forecast",
    people="the three shift planners",
    screen="In the shift planner, under the empty week",
    fallback="shifts are planned by last year's calendar",
    happened=(
        *monthly(80, 15, 690),
        *evaluated(21, "shift-4", "6 %", "7.5 %", 52),
        *caught_up(12, "Three planners trust it, and now it is written down why.", "15 %"),
        *suspended(
            1.4,
            Role.ON_CALL,
            "The telephone system counts every transferred call twice since its update: the "
            "forecast asks for double shifts. Planners go by last year's calendar meanwhile.",
        ),
        *off(1.2, Role.PRODUCTION_OWNER),
        *asked(20, "Does it know the new opening hours of January?", "lena.fisk", 2, due=30),
    ),
)

SCANNING = Story(
    name="Reading of scanned documents",
    unit="Operations",
    registered=84,
    declared=Stage.PRODUCTION,
    running_since=1_480,
    description={
        "problem": "Everything on paper has to become text before it can be found.",
        "system_name": "Central scanning",
    },
    owners={Role.PRODUCTION_OWNER: "bram.dekker"},
    silent=(Role.PRODUCTION_OWNER,),
    vendor="Ledgerwise",
    monthly_cost=11_200,
    happened=(),
)

DRIVING_SCORE = Story(
    name="Driving score for young drivers",
    unit="Underwriting",
    registered=80,
    declared=Stage.PRODUCTION,
    running_since=640,
    description={
        "problem": "Drivers under 25 pay for the accidents of the worst tenth of them.",
        "users": "6,200 young customers who chose the tariff.",
        "outcome": "Careful drivers pay up to a third less.",
        "process": "Renewal of the young drivers' tariff: the discount of the next year.",
        "system_name": "Telematics platform",
    },
    owners={
        Role.SPONSOR: "anders.holm",
        Role.BUSINESS_OWNER: "oskar.lind",
        Role.ENGINEERING_OWNER: "leo.fontaine",
        Role.PRODUCTION_OWNER: "dario.conti",
    },
    yes=("decides_about_people", "personal_data", "talks_to_public"),
    monthly_cost=17_500,
    metrics=(
        Metrics(
            "accidents in a thousand cars and a month",
            "9.4 accidents",
            "8 accidents",
            "7 accidents",
            "Reported accidents of customers with the tariff.",
            measured=over(78, 7, "8.1 7.9 7.8 7.9 7.6", 6_150),  # who measured it has left
        ),
        quality("trips scored for the wrong driver", "7 %", "4 %", "2 %", over(70, 30, "4.4 4.9")),
    ),
    happened=(
        *monthly(78, 18, 17_200),
        *asked_for(
            13,
            gate=SpecialReview.CATCH_UP,
            waits=(
                "sponsor",
                "engineering_owner",
                "production_owner",
                "group_compliance",
                "group_security",
                "group_operations",
                "group_finance",
            ),
        ),
    ),
)

MAIL_GUARD = Story(
    name="Check of outgoing mail",
    unit="Information technology",
    registered=22,
    declared=Stage.PILOT,
    running_since=150,
    description={
        "problem": "Once a month somebody sends customer data to the wrong address.",
        "users": "900 colleagues.",
        "outcome": "The sender is asked before it leaves the house.",
        "process": "Outgoing mail: whether an attachment may leave.",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "yusuf.arslan",
        Role.ENGINEERING_OWNER: "clara.weiss",
    },
    silent=(Role.ENGINEERING_OWNER,),
    yes=("personal_data", "affects_employees", "bought"),
    is_confirmed=False,
    vendor="Papyr Search",
    pilot_budget=30_000,
    monthly_cost=2_600,
    metrics=(
        Metrics(
            "mails that went astray a month",
            "5 mails",
            "2 mails",
            "1 mails",
            "What is reported to the data protection desk.",
            is_automatic=False,
            measured=((20, "4", None), (4, "3", None)),
        ),
    ),
    happened=monthly(18, 5, 2_500),
)
