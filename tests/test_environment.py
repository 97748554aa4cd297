"""Whoever operates Gatehouse finds each variable in .env.example, and Compose passes it on."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

READ = sorted(
    set(
        re.findall(
            r'\b(?:env\.\w+|secret)\(\s*"([A-Z_]+)"',
            (settings.BASE_DIR / "config" / "settings.py").read_text(),
        )
    )
)
NOT_IN_PRODUCTION = {"DEBUG"}


@pytest.mark.parametrize("name", READ)
def test_example_lists(name: str) -> None:
    example = (settings.BASE_DIR / ".env.example").read_text()
    assert re.search(rf"^(?:# )?{name}=", example, re.MULTILINE)


@pytest.mark.parametrize("name", sorted({*READ, "DATABASE_URL"} - NOT_IN_PRODUCTION))
def test_compose_passes_on(name: str) -> None:
    compose = (settings.BASE_DIR / "docker-compose.yml").read_text()
    assert re.search(rf"^    {name}:", compose, re.MULTILINE)
