"""What happened at Halden Mutual: the stories that the demo portfolio tells, in their order.

The first ten keep their numbers: the README's pictures and people's memory know them.
"""

from portfolio.stories import fading, ready, wins
from portfolio.stories.pilots import CALL_SUMMARIES, CLAIMS_TRIAGE, RENEWAL_PRICING
from portfolio.stories.proposals import (
    APPLICATION_SCREENING,
    PHONE_BOT,
    POLICY_QUESTIONS,
    SUBROGATION,
)
from portfolio.stories.running import FRAUD_SIGNALS, INVOICE_CODING, ROOF_IMAGES

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
    wins.WINDSCREENS,
    wins.MEDICAL_REPORTS,
    wins.CLAIM_LETTERS,
    wins.CANTEEN,
    wins.RETURNED_POST,
    fading.COMPLAINTS,
    fading.UNDERWRITING_SEARCH,
    fading.REMINDERS,
    ready.ACCIDENT_REPORTS,
    ready.BROKER_QUOTES,
    ready.SUBSIDENCE,
    ready.LIABILITY_RESERVES,
    ready.ACCESS_REQUESTS,
)
