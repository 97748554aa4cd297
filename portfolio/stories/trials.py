"""More pilots: one that never ends, one paused, one about to be shipped, and younger ones."""

from initiatives.stages import Gate, Role
from portfolio.stories.deeds import answered, asked, evaluated, spent
from portfolio.stories.gates import asked_for, chartered, extended, paused, proposed, rebaselined
from portfolio.stories.story import Charter, Metrics, Story, over, quality, unit_cost

BROKER_ASSISTANT = Story(
    name="Assistant for brokers' questions",
    unit="Sales and brokers",
    registered=158,
    description={
        "problem": "Brokers ask 700 questions a week by mail; an answer takes nine hours.",
        "users": "640 brokers and 31 people in broker service.",
        "outcome": "Most questions are answered while the broker is still with the customer.",
        "process": "Broker service: what is said about cover, commission and forms.",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "sofia.marin",
        Role.ENGINEERING_OWNER: "leo.fontaine",
        Role.BUDGET_OWNER: "sofia.marin",
    },
    yes=("talks_to_public",),
    pilot_budget=140_000,
    monthly_cost=21_000,
    tool="the assistant",
    people="the brokers of the pilot",
    screen="In the broker portal, beside the mail form",
    metrics=(
        Metrics(
            "time until a broker has an answer",
            "9 h",
            "1 h",
            "15 min",
            "Median over all questions of the pilot brokers, in the portal.",
            source="Broker portal, weekly",
            kill="8 h",
            measured=over(
                124, 7, "7.8 6.4 5.1 4.2 3.6 3.1 2.9 2.6 2.5 2.4 2.5 2.3 2.4 2.2 2.3 2.2 2.3", 190
            ),
        ),
        quality(
            "answers that were wrong", "10 %", "4 %", "2 %", over(117, 21, "9 7.4 6.6 6.1 6.3")
        ),
    ),
    charter=Charter(
        source="18,000 answered mails and the product handbook",
        quality="The handbook and the mails disagree in one case in eight.",
        contract="In: the question. Out: an answer with its source, or “we will call you”.",
        tried="A page of frequent questions.",
        came_out="Read by 40 brokers in a month.",
        in_pilot="25 friendly brokers, answers checked by a person.",
        in_production="640 brokers, nobody checks.",
        closes="Checking only every fifth answer in the second half.",
        gap="Our commission rules are in no product.",
    ),
    happened=(
        *chartered(131, "Brokers have asked for this for years."),
        *spent((125, 38_000), (100, 29_500), (72, 26_000), (45, 24_500), (14, 21_500)),
        *extended(91, 28, "Wrong answers fall each week; four more weeks should do."),
        *evaluated(70, "broker-5", "6.4 %", "11 %", 300),
        *extended(
            63, 28, "The handbook is being rewritten, and the rest depends on it.", by="martin.holt"
        ),
        *asked(
            40, "Who decides when handbook and practice disagree?", "sofia.marin", 10, blocking=True
        ),
    ),
)

HAIL_FORECAST = Story(
    name="Warnings before hail",
    unit="Claims",
    registered=74,
    description={
        "problem": "A hail storm costs EUR 900,000; half of the cars could stand under a roof.",
        "users": "38,000 car customers who gave a mobile number.",
        "outcome": "Two in five customers who are warned move their car.",
        "process": "Loss prevention: who is warned, and how early.",
    },
    owners={
        Role.SPONSOR: "tomas.berger",
        Role.BUSINESS_OWNER: "lena.fisk",
        Role.ENGINEERING_OWNER: "joao.prates",
        Role.BUDGET_OWNER: "tomas.berger",
    },
    yes=("talks_to_public", "bought"),
    vendor="Nimbus Weather",
    pilot_budget=45_000,
    monthly_cost=5_500,
    tool="the warning",
    people="the customers of two regions",
    screen="A text message, four hours ahead",
    metrics=(
        Metrics(
            "warned customers who moved their car",
            "6 %",
            "30 %",
            "40 %",
            "A question by text message on the day after.",
            source="Text message survey",
            kill="15 %",
            measured=((37, "22 %", 410), (29, "27 %", 388)),
        ),
    ),
    charter=Charter(
        source="Hail radar of ten years, bought; postcodes of customers",
        quality="Radar and claims agree in 83 % of the postcodes.",
        contract="In: postcodes. Out: a probability for each, every hour.",
        tried="The weather service's own warnings.",
        came_out="A whole county at a time; 6 % moved their car.",
        in_pilot="Two regions, summer.",
        in_production="The country, all year.",
        closes="A third region in the mountains.",
    ),
    happened=(
        *chartered(48, "Cheap, seasonal, and customers like it."),
        *spent((40, 14_500), (31, 9_800)),
        *paused(26, 30, "The season is over: without hail there is nothing to measure."),
    ),
)

COVER_LETTERS = Story(
    name="Letters in plain language",
    unit="Customer service",
    registered=66,
    description={
        "problem": "Four in ten letters are followed by a call that asks what they mean.",
        "users": "70 letter writers in three units.",
        "outcome": "Half as many calls after a letter.",
        "process": "Correspondence: the wording before a letter is released.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.ENGINEERING_OWNER: "priya.nair",
        Role.BUDGET_OWNER: "tomas.berger",
        Role.PRODUCTION_OWNER: "iris.chen",
    },
    yes=("personal_data",),
    pilot_budget=48_000,
    monthly_cost=4_400,
    tool="the rewriting",
    people="the letter writers",
    screen="In the letter editor, as a second column",
    metrics=(
        Metrics(
            "letters followed by a call",
            "41 %",
            "28 %",
            "20 %",
            "Share of the pilot's letters with a call about them within ten days.",
            source="Telephone system and archive, weekly",
            kill="36 %",
            measured=over(30, 6, "37 32 27.5 25 24", 640),
        ),
        quality(
            "sentences that changed their meaning",
            "3 %",
            "1 %",
            "0.3 %",
            over(27, 9, "1.2 0.8 0.6"),
        ),
        unit_cost("cost of one letter", "EUR 4.10", "EUR 3", over(20, 12, "2.6 2.4")),
    ),
    charter=Charter(
        source="4,000 letters of last year with the calls that followed, in the archive",
        quality="200 read by hand: one in twelve was about two matters at once.",
        contract="In: the letter. Out: the same in plain words, legal clauses untouched.",
        tried="A style guide of four pages.",
        came_out="38 %; it was read once.",
        in_pilot="Three kinds of letters, fifteen writers.",
        in_production="Sixty kinds and seventy writers.",
        closes="Five kinds more each week.",
        gap="Which clauses may not be touched is known to us alone.",
        privacy="Needed for the contract; names are masked before the text is rewritten.",
    ),
    happened=(
        *chartered(38, "One letter, one call less: easy to count."),
        *spent((31, 13_500), (12, 11_800)),
        *rebaselined(
            17,
            {"threshold": "26 %"},
            "The pilot took the three kinds of letters that cause most calls. For those 28 % would "
            "be too easy.",
            "Better now than at the gate.",
        ),
        *evaluated(10, "plain-2", "0.6 %", "0.9 %", 320),
        *asked(
            10, "Who approves the wording of a new kind of letter?", "helene.marchand", 4, due=30
        ),
        *asked(9, "Does it work for letters in Turkish?", "priya.nair", 10, 5_000, due=45),
        *answered(7, Gate.SHIP_OR_KILL),
        *asked_for(4, waits=("business_owner", "engineering_owner")),
    ),
)

SERVICE_DESK = Story(
    name="Answers of the IT service desk",
    unit="Information technology",
    registered=58,
    description={
        "problem": "Three in ten tickets ask how to do something that is written down.",
        "users": "Six people at the service desk and 900 colleagues.",
        "outcome": "Such tickets are answered within minutes, with a link.",
        "process": "Service desk: the first answer to a ticket.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "niamh.corrigan",
        Role.ENGINEERING_OWNER: "priya.nair",
        Role.BUDGET_OWNER: "niamh.corrigan",
        Role.PRODUCTION_OWNER: "yusuf.arslan",
    },
    yes=(),
    pilot_budget=9_000,
    monthly_cost=600,
    tool="the answer",
    people="the service desk",
    screen="In the ticket, as a draft to be sent",
    metrics=(
        Metrics(
            "time to the first answer",
            "3.5 h",
            "1 h",
            "30 min",
            "Median over the week's tickets.",
            source="Ticket system, nightly",
            kill="2.5 h",
            measured=over(25, 6, "2.8 1.9 1.5 1.2", 220),
        ),
        quality("drafts that were thrown away", "40 %", "20 %", "10 %", over(22, 9, "31 24")),
    ),
    charter=Charter(
        source="Tickets of two years and 180 articles, in the ticket system",
        quality="30 articles describe programs that are gone.",
        contract="In: the ticket. Out: a draft and its article.",
        tried="A search box in front of the ticket form.",
        came_out="Skipped by nine in ten.",
        in_pilot="Tickets about mail and printers.",
        in_production="All tickets.",
        closes="Access rights in week five.",
    ),
    happened=(
        *chartered(27, "Small enough to simply try."),
        *spent((22, 2_300), (9, 1_900)),
        *asked(6, "Which articles have to be rewritten first?", "niamh.corrigan", 5, due=20),
    ),
)

EXPERT_INVOICES = Story(
    name="Checking of repair invoices",
    unit="Claims",
    registered=60,
    description={
        "problem": "4,800 repair invoices a month are checked against the expert's report by eye; "
        "3 % are too high and nobody sees it.",
        "users": "19 invoice checkers.",
        "outcome": "EUR 70,000 a month that is not owed stays here.",
        "process": "Car claims: whether a repair invoice is paid, cut or asked about.",
    },
    owners={
        Role.SPONSOR: "martin.holt",
        Role.BUSINESS_OWNER: "tomas.berger",
        Role.ENGINEERING_OWNER: "joao.prates",
        Role.BUDGET_OWNER: "mei.tanaka",
    },
    yes=("bought",),
    vendor="Garagecheck",
    pilot_budget=65_000,
    monthly_cost=9_900,
    tool="the check",
    people="the 19 invoice checkers",
    screen="In the invoice screen, line by line",
    metrics=(
        Metrics(
            "overcharge found a month",
            "EUR 11,000",
            "EUR 45,000",
            "EUR 70,000",
            "Sum of the cuts that the garage accepted.",
            source="Payment system, weekly",
            kill="EUR 20,000",
            measured=over(18, 6, "24,000 31,500 38,200", 1_120),
        ),
        quality("cuts that had to be taken back", "12 %", "6 %", "3 %", over(17, 7, "9 7.2")),
    ),
    charter=Charter(
        source="Invoices and experts' reports of two years, in the claims archive",
        quality="5 % of the invoices have no line for working time.",
        contract="In: invoice and report. Out: each line as right, high or unknown.",
        tried="A list of upper limits for each part.",
        came_out="EUR 17,000 a month, and angry garages.",
        in_pilot="Three makes, six checkers.",
        in_production="All makes.",
        closes="Lorries stay out, as the charter says.",
    ),
    happened=(
        *chartered(22, "Pays for itself in a month, if it works."),
        *spent((16, 15_200), (5, 8_700)),
        *proposed(
            3,
            {"threshold": "EUR 38,000", "target": "EUR 40,000"},
            "Two of the five makes of the charter left our network in the second week; what is "
            "left can bring EUR 40,000 at most.",
            waits=("sponsor", "engineering_owner"),
        ),
    ),
)

CALL_COACHING = Story(
    name="Coaching after sales calls",
    unit="Sales and brokers",
    registered=48,
    description={
        "problem": "New colleagues in sales hear what to do better once a quarter.",
        "users": "24 colleagues in their first year.",
        "outcome": "They sell as well after six months as others after twelve.",
        "process": "Training: what a new colleague hears after a call.",
    },
    owners={
        Role.SPONSOR: "ingrid.vale",
        Role.BUSINESS_OWNER: "sofia.marin",
        Role.ENGINEERING_OWNER: "leo.fontaine",
        Role.BUDGET_OWNER: "sofia.marin",
    },
    yes=("personal_data", "affects_employees", "bought"),
    vendor="Brightline Voice",
    pilot_budget=52_000,
    monthly_cost=6_200,
    tool="the coaching",
    people="the 24 new colleagues",
    screen="On a page that only the colleague sees",
    metrics=(
        Metrics(
            "calls that end with an offer",
            "18 %",
            "24 %",
            "28 %",
            "Share of the month's calls, new colleagues alone.",
            source="Sales system, weekly",
            kill="19 %",
        ),
    ),
    charter=Charter(
        source="Sales calls, recorded with consent since March",
        quality="50 listened to: two in ten have no consent at the beginning.",
        contract="In: recording. Out: three remarks. The supplier deletes after a day.",
        tried="A checklist after each call.",
        came_out="Filled in for two weeks.",
        in_pilot="Volunteers, with their own trainer.",
        in_production="All new colleagues.",
        closes="Trainers take over the remarks in week four.",
        privacy="By consent of both sides; no use in appraisals, agreed with the works council.",
        employees="Works council, asked 40 days ago, agreed: visible to the colleague alone.",
    ),
    happened=(
        *chartered(11, "With the works council's conditions written in."),
        *spent((6, 7_900)),
    ),
)
