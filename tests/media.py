"""Uploads in tests: a folder of their own, and files to be sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase, override_settings

MINUTES = b"%PDF-1.7 The works council agreed."


class KeepsFiles(TestCase):
    """Files go to a temporary folder, which is gone after the class."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.enterClassContext(folder)
        cls.enterClassContext(override_settings(MEDIA_ROOT=folder.name))
        super().setUpClass()

    def kept(self) -> list[Path]:
        """Every file in the store."""
        return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def upload(name: str = "minutes.pdf", content: bytes = MINUTES) -> SimpleUploadedFile:
    """A file as a form hands it on."""
    return SimpleUploadedFile(name, content)


def sent(name: str, content: bytes = MINUTES) -> Any:
    """A file as a browser sends it: the test client writes this name as it is."""
    file = SimpleUploadedFile("x", content)
    file._name = name  # past the cleaning that the receiving end has to do
    return file
