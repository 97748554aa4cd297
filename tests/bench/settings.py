"""The product's settings, without the manifest that wants collectstatic first, and with uploads
in a folder that goes with the run."""

import os
from pathlib import Path

from config.settings import *  # noqa: F403
from config.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
MEDIA_ROOT = Path(os.environ["BENCH_MEDIA"])
