"""What happened at Halden Mutual: the stories that the demo portfolio tells, in their order.

The first ten keep their numbers: the README's pictures and people's memory know them.
"""

from portfolio.stories import declared, ended, fading, ideas, ready, small, trials, wins
from portfolio.stories.pilots import CALL_SUMMARIES, CLAIMS_TRIAGE, RENEWAL_PRICING
from portfolio.stories.proposals import (
    APPLICATION_SCREENING,
    PHONE_BOT,
    POLICY_QUESTIONS,
    SUBROGATION,
)
from portfolio.stories.running import FRAUD_SIGNALS, INVOICE_CODING, ROOF_IMAGES

FIRST_TEN = (
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
ALL = (
    *FIRST_TEN,
    wins.WINDSCREENS,
    wins.MEDICAL_REPORTS,
    wins.CLAIM_LETTERS,
    small.CANTEEN,
    small.RETURNED_POST,
    fading.COMPLAINTS,
    fading.UNDERWRITING_SEARCH,
    fading.REMINDERS,
    ready.ACCIDENT_REPORTS,
    ready.BROKER_QUOTES,
    ready.SUBSIDENCE,
    ready.LIABILITY_RESERVES,
    ready.ACCESS_REQUESTS,
    trials.BROKER_ASSISTANT,
    trials.HAIL_FORECAST,
    trials.COVER_LETTERS,
    trials.SERVICE_DESK,
    trials.EXPERT_INVOICES,
    trials.CALL_COACHING,
    declared.TENANT_SCORING,
    declared.WEBSITE_CHAT,
    declared.CALL_FORECAST,
    declared.SCANNING,
    declared.DRIVING_SCORE,
    declared.MAIL_GUARD,
    ideas.CLAUSE_COMPARISON,
    ideas.RETENTION_RISK,
    ideas.MOOD_DETECTION,
    ideas.BOARD_PAPERS,
    ideas.FLOOD_PRICING,
    ideas.LEARNING_PATHS,
    ideas.SITE_PHOTOS,
    ended.DAMAGE_PHOTOS,
    ended.MAIL_ANSWERS,
    ended.LAPSE_PREDICTION,
    ended.CONTRACT_DIGESTS,
    ended.OLD_TEMPLATES,
)
