"""What happened at Halden Mutual: the ten stories that the demo portfolio tells."""

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
)
