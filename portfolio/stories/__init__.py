"""What happened at Halden Mutual: the ten stories that the demo portfolio tells."""

from portfolio.stories.pilots import CALL_SUMMARIES, CLAIMS_TRIAGE, RENEWAL_PRICING
from portfolio.stories.proposals import (
    APPLICATION_SCREENING,
    PHONE_BOT,
    POLICY_QUESTIONS,
    SUBROGATION,
)
from portfolio.stories.running import FRAUD_SIGNALS, INVOICE_CODING, ROOF_IMAGES

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
