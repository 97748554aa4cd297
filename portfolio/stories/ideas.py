"""Proposals in all states: a line on a list, half a charter, one that waits for signatures."""

from initiatives.stages import Role
from portfolio.stories.deeds import answered, forbidden, restricted
from portfolio.stories.gates import asked_for
from portfolio.stories.story import Charter, Metrics, Story

CLAUSE_COMPARISON = Story(
    name="Comparison of reinsurance clauses",
    unit="Finance and actuarial",
    registered=13,
    description={
        "problem": "Each renewal brings 60 treaties of 90 pages; two lawyers compare them by eye, "
        "and last year one changed clause was seen after signing.",
        "users": "Two lawyers and four reinsurance buyers.",
        "outcome": "Every change of a clause is seen before the treaty is signed.",
        "process": "Renewal of treaties: what the lawyers read first.",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.ENGINEERING_OWNER: "priya.nair",
        Role.BUDGET_OWNER: "anders.holm",
    },
    yes=("confidential_data_leaves", "bought"),
    vendor="Clausewright",
    pilot_budget=35_000,
    monthly_cost=4_100,
    tool="the comparison",
    people="the lawyers and buyers",
    screen="As a list of changes beside the treaty, in the document viewer",
    metrics=(
        Metrics(
            "time to compare a treaty",
            "6 h",
            "90 min",
            "45 min",
            "As the two lawyers book it, for each treaty.",
            is_automatic=False,
            kill="4 h",
        ),
    ),
    charter=Charter(
        source="Treaties of the last five years, in the document system",
        quality="20 treaties read: four are scans.",
        contract="In: two treaties. Out: changed clauses, sorted by weight.",
        tried="The comparison built into the text editor.",
        came_out="Every moved paragraph counts as new.",
        in_pilot="Last year's treaties, whose changes are known.",
        in_production="This year's, under time pressure.",
        closes="Four new treaties in week three.",
    ),
    happened=(
        *answered(9),
        *asked_for(3, waits=("compliance", "security")),
    ),
)

RETENTION_RISK = Story(
    name="Who might leave the company",
    unit="Human resources",
    registered=13,
    description={
        "problem": "In IT one in six leaves within two years, and each time it is a surprise.",
        "users": "Two partners in human resources.",
        "outcome": "A talk in time.",
        "process": "Yearly talks: with whom, and when.",
    },
    owners={Role.SPONSOR: "martin.holt", Role.BUSINESS_OWNER: "petra.novak"},
    yes=("decides_about_people", "personal_data", "affects_employees"),
    pilot_budget=28_000,
    metrics=(
        Metrics(
            "colleagues who leave within two years",
            "17 %",
            "13 %",
            "10 %",
            "From the personnel system, each quarter.",
        ),
    ),
    happened=restricted(12.5),
)

MOOD_DETECTION = Story(
    name="Mood of agents from their voice",
    unit="Customer service",
    registered=14,
    description={
        "problem": "Team leaders notice too late when an agent has had enough.",
        "users": "120 agents of the contact centre and their team leaders.",
        "outcome": "A break is offered before somebody breaks down.",
        "process": "Shift leading: who is offered a break.",
    },
    owners={Role.SPONSOR: "ingrid.vale", Role.BUSINESS_OWNER: "lena.fisk"},
    yes=("decides_about_people", "personal_data", "affects_employees", "bought"),
    is_confirmed=False,
    vendor="Brightline Voice",
    pilot_budget=60_000,
    happened=forbidden(
        11.5,
        "It infers emotions of people at work from their voice: Regulation (EU) 2024/1689, "
        "Article 5(1)(f) forbids that. A voluntary button for a break needs no AI.",
    ),
)

BOARD_PAPERS = Story(
    name="Summaries of board papers",
    unit="Operations",
    registered=2,
    description={"problem": "The board's papers have 600 pages a month."},
)

FLOOD_PRICING = Story(
    name="Flood risk by address",
    unit="Underwriting",
    registered=41,
    description={
        "problem": "Flood zones follow postcodes; houses on the hill pay for those by the river.",
        "users": "21 underwriters of building policies.",
        "outcome": "A price that follows the address.",
        "process": "Quotes for building policies: the flood surcharge.",
    },
    owners={
        Role.SPONSOR: "anders.holm",
        Role.BUSINESS_OWNER: "oskar.lind",
        Role.ENGINEERING_OWNER: "leo.fontaine",
    },
    yes=("bought",),
    vendor="Terrasight",
    pilot_budget=90_000,
    monthly_cost=7_000,
    metrics=(
        Metrics(
            "quotes accepted outside flood zones",
            "22 %",
            "27 %",
            "30 %",
            "Share of the quotes of a month, from the policy system.",
            kill="23 %",
        ),
    ),
    tool="the risk",
    people="the underwriters",
    screen="On the quote, as a surcharge with a map",
    charter=Charter(
        source="Terrain model, bought; our flood claims since 1998",
        quality="Claims before 2009 are known by postcode only.",
        contract="In: coordinates. Out: depth in a flood of a hundred years.",
        tried="The public flood maps.",
        came_out="Ten years old, and without brooks.",
        in_pilot="One river valley.",
        in_production="The whole country.",
        closes="Two more valleys.",
    ),
    happened=answered(
        33, leave=("production_sketch", "approach_decision", "stakeholders", "pilot_conditions")
    ),
)

LEARNING_PATHS = Story(
    name="Learning paths for new handlers",
    unit="Human resources",
    registered=12,
    description={
        "problem": "New claims handlers need nine months until they work alone.",
        "users": "40 new handlers a year and their mentors.",
        "outcome": "They work alone after six months.",
        "process": "Induction: what a new handler learns next.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "petra.novak",
        Role.ENGINEERING_OWNER: "priya.nair",
    },
    silent=(Role.ENGINEERING_OWNER,),
    yes=("personal_data", "affects_employees"),
    is_confirmed=False,
    pilot_budget=26_000,
)

SITE_PHOTOS = Story(
    name="Fire protection from site photos",
    unit="Underwriting",
    registered=9,
    description={
        "problem": "A surveyor visits 300 firms a year; 2,000 would be needed.",
        "users": "Nine surveyors.",
        "outcome": "Visits go where the photos show a reason.",
    },
    owners={Role.BUSINESS_OWNER: "oskar.lind", Role.ENGINEERING_OWNER: "joao.prates"},
    silent=(Role.ENGINEERING_OWNER,),
)
