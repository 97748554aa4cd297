"""All settings, from the environment; `.env.example` lists the variables.

Without any, Gatehouse runs *embedded*: SQLite, a file broker and a mail folder under `var/`.
"""

import sys
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import email

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"

env = environ.Env()
if (VAR / "secrets.env").exists():  # written by script/setup, mode 0600; the environment wins
    environ.Env.read_env(VAR / "secrets.env")


def secret(name: str) -> str:
    """Return a secret, or say how to set it: there are no defaults to forget in production."""
    if value := str(env.str(name, default="")):
        return value
    raise ImproperlyConfigured(
        f"{name} is not set. Set it in the environment, or run ./script/setup, "
        "which writes random ones to var/secrets.env."
    )


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
AUDIT_KEY = secret("AUDIT_KEY")
AUDIT_KEY_FALLBACKS = env.list("AUDIT_KEY_FALLBACKS", default=[])

# What the organisation calls itself and where its calendar days begin.
CURRENCY = env.str("CURRENCY", default="EUR")
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
# The hour, there, from which mails of what can wait go out.
DAILY_MAIL_HOUR = env.int("DAILY_MAIL_HOUR", default=7)
if DAILY_MAIL_HOUR not in range(24):
    raise ImproperlyConfigured("DAILY_MAIL_HOUR is an hour of the day, from 0 to 23.")
# What a decision pack (PDF) takes letters from that its own font has not; where a file is missing,
# such letters are boxes. By default where Debian's fonts-dejavu-core and fonts-droid-fallback are.
PDF_FALLBACK_FONTS = env.list(
    "PDF_FALLBACK_FONTS",
    default=[
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    ],
)
BASE_URL = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
DEMO = env.bool("DEMO", default=False)
ORGANISATION = env.str("ORGANISATION", default="Halden Mutual" if DEMO else "Our organisation")
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="") if DEMO else ""

_https = BASE_URL.startswith("https://")
ALLOWED_HOSTS = [
    *env.list("ALLOWED_HOSTS", default=[environ.urlparse(BASE_URL).hostname]),
    "localhost",  # for health checks from inside the container
    "127.0.0.1",
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_htmx",
    "heroicons",
    "audit",
    "accounts",
    "initiatives",
    "reviews",
    "notifications",
    "portfolio",
    *(["proofs"] if (BASE_DIR / "proofs").is_dir() else []),  # the image is without
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "audit.middleware.RequestId",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portfolio.middleware.PrivatePages",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["heroicons.templatetags.heroicons", "portfolio.templatetags.words"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portfolio.context.frame",
            ],
        },
    }
]

# Database: actions open their own transactions, because a refusal is recorded after the rollback.
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR / 'gatehouse.sqlite3'}")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People and sign-in
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["accounts.backends.PersonBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portfolio:dashboard"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to strangers
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_BY_CODE_ENABLED = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds; each signature checks its own, stricter or not

# Pages
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.packages.PackageFinder",
]
_testing = "pytest" in sys.modules
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or _testing  # the manifest wants collectstatic first
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = VAR / "media"
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "initiatives.uploads.BoundedUpload",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "__Host-session" if _https else "gatehouse-session"
CSRF_COOKIE_NAME = "__Host-csrf" if _https else "gatehouse-csrf"
CSRF_FAILURE_VIEW = "portfolio.views.errors.csrf_failure"

# Mail: a folder until EMAIL_URL is set.
vars().update(email.settings_from(env.str("EMAIL_URL", default=f"filemail:///{VAR / 'mail'}")))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Gatehouse <gatehouse@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Chat, an optional extra (docs/channels.md): which of apprise's services people may enter webhooks
# of, whether these may be in our own network, and where the portfolio's urgent flags go.
APPRISE_SCHEMES = env.list("APPRISE_SCHEMES", default=["slack", "workflows"])
CHANNELS_MAY_BE_INTERNAL = env.bool("CHANNELS_MAY_BE_INTERNAL", default=False)
PORTFOLIO_CHANNEL_URL = env.str("PORTFOLIO_CHANNEL_URL", default="")

# Celery: the database is the queue, Celery is the clock. A lost tick costs nothing: what is owed
# are rows, and the next tick claims them.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="filesystem://localhost//")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "data_folder_in": str(VAR / "queue" / "msg"),
        "data_folder_out": str(VAR / "queue" / "msg"),
        "control_folder": str(VAR / "queue" / "ctl"),
    }
    if CELERY_BROKER_URL.startswith("filesystem:")
    else {
        "visibility_timeout": 900,
        "unacked_restore_interval": 15,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
    }
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT, CELERY_TASK_SOFT_TIME_LIMIT = 300, 240
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat")
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "notifications.tasks.sweep",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    "hear-and-deliver": {
        "task": "notifications.tasks.hear_and_deliver",
        "schedule": 15.0,
        "options": {"expires": 14},
    },
    "judge": {
        "task": "reviews.tasks.judge",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "import-waiting": {
        "task": "initiatives.tasks.import_waiting",
        "schedule": 3.0,  # somebody is looking at the page
        "options": {"expires": 3},
    },
}

# Figures for Prometheus at /metrics, for whoever holds this token; without one there are none.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
