"""What was stopped, and what was learned; and one that served its time."""

from initiatives.stages import Role, Stage
from portfolio.stories.deeds import asked, evaluated, monthly, spent
from portfolio.stories.gates import Outcome, chartered, decommissioned, killed, proven
from portfolio.stories.story import Charter, Metrics, Story, adoption, over, quality, unit_cost

DAMAGE_PHOTOS = Story(
    name="Repair cost from photos",
    unit="Claims",
    registered=400,
    description={
        "problem": "An expert's visit costs EUR 190, also for a scratched door.",
        "users": "12 car experts.",
        "outcome": "Small damage is estimated from photos, within a tenth of the invoice.",
        "process": "Car claims: whether an expert is sent.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.ENGINEERING_OWNER: "leo.fontaine",
        Role.BUDGET_OWNER: "tomas.berger",
    },
    yes=(),
    pilot_budget=130_000,
    monthly_cost=9_000,
    tool="the estimate",
    people="the car experts",
    screen="In the expert's work list",
    metrics=(
        Metrics(
            "difference between estimate and invoice",
            "38 %",
            "15 %",
            "10 %",
            "Mean over all repaired cars of the pilot.",
            source="Payment system, weekly",
            kill="25 %",
            measured=over(368, 7, "41 36 33 31 32 31", 85),
        ),
    ),
    charter=Charter(
        source="Photos and invoices of 9,000 claims, in the claims archive",
        quality="One photo in five shows the wrong side.",
        contract="In: three photos. Out: an amount and a range.",
        tried="A table by part and make.",
        came_out="34 % off.",
        in_pilot="Two makes, daylight.",
        in_production="All makes, any light.",
        closes="Night photos in week four.",
        gap="Prices of our garages.",
    ),
    happened=(
        *chartered(374, "The saving is large enough to try for six weeks."),
        *spent((366, 39_000), (350, 35_500)),
        *killed(
            331,
            Outcome.APPROACH_WRONG,
            "31 % off after six weeks, and the limit was 25 %: what is bent under the paint is on "
            "no photo.",
            "Photos tell whether to send an expert, not what it will cost. Ask that.",
        ),
    ),
)

MAIL_ANSWERS = Story(
    name="Drafts for customer mail",
    unit="Customer service",
    registered=238,
    description={
        "problem": "1,100 mails a day, a quarter of them asking for the same five things.",
        "users": "60 agents.",
        "outcome": "An answer on the same day.",
        "process": "Customer mail: the first answer.",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "lena.fisk",
        Role.ENGINEERING_OWNER: "priya.nair",
        Role.BUDGET_OWNER: "lena.fisk",
    },
    yes=("personal_data",),
    pilot_budget=60_000,
    monthly_cost=5_000,
    tool="the draft",
    people="the 60 agents",
    screen="In the mail window",
    metrics=(
        Metrics(
            "mails answered on the same day",
            "48 %",
            "70 %",
            "80 %",
            "Share of the week's mails.",
            source="Mail system, weekly",
            kill="55 %",
            measured=over(204, 7, "52 59 63 66", 1_900),
        ),
    ),
    charter=Charter(
        source="Mails of a year with their answers",
        quality="One in nine answers was wrong when it was written.",
        contract="In: the mail. Out: a draft.",
        tried="Five templates.",
        came_out="53 %.",
        in_pilot="Household policies, eight agents.",
        in_production="All policies.",
        closes="Car policies in week three.",
        gap="Our tone and our products.",
        privacy="Needed for the contract; nothing is kept.",
    ),
    happened=(
        *chartered(210, "The queue is real, and so is the number."),
        *spent((200, 15_500), (184, 11_000)),
        *killed(
            176,
            Outcome.SUPERSEDED,
            "The new contact platform brings drafts of its own, at no extra cost, from spring on.",
            "Ask the platform's owner what is on its road map before building beside it.",
            by="martin.holt",
        ),
    ),
)

LAPSE_PREDICTION = Story(
    name="Prediction of lapsing life policies",
    unit="Life and disability",
    registered=120,
    description={
        "problem": "Every year 4 % of life policies are given up.",
        "users": "Eight colleagues in customer care.",
        "outcome": "A call before it is too late.",
    },
    owners={Role.SPONSOR: "ingrid.vale", Role.BUSINESS_OWNER: "grace.mensah"},
    yes=("personal_data", "decides_about_people"),
    pilot_budget=40_000,
    happened=killed(
        96,
        Outcome.WITHDRAWN,
        "Nobody could say what the call would offer; the idea is withdrawn until somebody can.",
        "First the offer, then the list of whom to call.",
    ),
)

CONTRACT_DIGESTS = Story(
    name="Digests of supplier contracts",
    unit="Operations",
    registered=290,
    description={
        "problem": "3,000 supplier contracts; nobody knows which can be ended when.",
        "users": "Purchasing, six people.",
        "outcome": "Every date by which a contract can be ended stands in one list.",
        "process": "Purchasing: which contracts are renewed.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "bram.dekker",
        Role.ENGINEERING_OWNER: "joao.prates",
        Role.BUDGET_OWNER: "bram.dekker",
        Role.PRODUCTION_OWNER: "yusuf.arslan",
    },
    yes=("bought",),
    vendor="Clausewright",
    pilot_budget=32_000,
    monthly_cost=2_800,
    tool="the digest",
    people="the six in purchasing",
    screen="In the contract list",
    metrics=(
        Metrics(
            "contracts with a known last day",
            "20 %",
            "80 %",
            "95 %",
            "Share of all contracts in the list.",
            source="Contract list, weekly",
            kill="50 %",
            measured=over(256, 7, "46 68 83 88", 740),
        ),
        quality("dates read wrongly", "8 %", "3 %", "1 %", over(249, 14, "3.4 2.2")),
        unit_cost("cost of one contract", "EUR 35", "EUR 8", over(240, 12, "5.2 4.9")),
    ),
    charter=Charter(
        source="3,000 contracts as PDF, in purchasing's folders",
        quality="One in six is a scan, one in twenty is not signed.",
        contract="In: a contract. Out: dates, notice and the sentence they stand in.",
        tried="Two students.",
        came_out="140 contracts in a month.",
        in_pilot="Contracts of IT.",
        in_production="All contracts.",
        closes="Rental contracts in week four.",
    ),
    happened=(
        *chartered(262, "Useful, and cheap enough."),
        *spent((250, 11_500), (236, 8_900)),
        *evaluated(230, "CW 5", "2.2 %", "2.8 %", 200),
        *asked(230, "Who keeps the list up to date?", "bram.dekker", 6),
        *proven(221, "88 % of the dates are known."),
        *killed(
            168,
            Outcome.PRIORITIES,
            "All contracts were read in the pilot: the list exists, and 40 new ones a year do not "
            "pay for a system.",
            "Sometimes the pilot is the product. Ask how often the work comes back.",
            leave=("deletion",),
        ),
    ),
)

OLD_TEMPLATES = Story(
    name="Recognition of claim forms",
    unit="Claims",
    registered=640,
    declared=Stage.PRODUCTION,
    running_since=1_900,
    description={
        "problem": "Eleven kinds of claim forms were sorted by hand.",
        "users": "The mail room, five people.",
        "outcome": "Forms are sorted by themselves.",
        "process": "Intake: which form it is.",
        "system_name": "Forms engine",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.ENGINEERING_OWNER: "joao.prates",
        Role.PRODUCTION_OWNER: "ruth.adeyemi",
        Role.ON_CALL: "ruth.adeyemi",
    },
    yes=(),
    monthly_cost=2_900,
    tool="the forms engine",
    people="the five in the mail room",
    fallback="paper that is left is sorted by hand",
    metrics=(
        Metrics(
            "forms sorted without a hand",
            "0 %",
            "70 %",
            "80 %",
            "Share of all forms of the month.",
            measured=over(630, 45, "84 83 85 82 80 78 71 60 44 31", 9_400),
        ),
        adoption(
            "share of claims that come as a form", "30 %", "60 %", over(620, 90, "58 51 40 29 18")
        ),
    ),
    happened=(
        *monthly(630, 190, 2_850),
        *decommissioned(
            150,
            "Four in five claims come through the portal; the engine sorts what hardly comes.",
            "Plan the end when its input begins to vanish: we paid for a year too long.",
            "Promised 70 %, gave 82 % for five years: about 9,000 hours of sorting. Customers use "
            "the portal now, and paper is down to a fifth.",
        ),
    ),
)
