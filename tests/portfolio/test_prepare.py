from __future__ import annotations

import tempfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import TestCase, override_settings

from accounts import actions as people
from portfolio import personas
from tests.factories import NOON, make_initiative, make_person

HOW = './script/manage create_administrator you@example.org "Your Name"'


def said():
    out = StringIO()
    # Without node_modules, as in an image: nothing is collected.
    with tempfile.TemporaryDirectory() as folder, override_settings(BASE_DIR=Path(folder)):
        call_command("prepare", stdout=out)
    return out.getvalue()


@pytest.mark.embedded
class TestPrepare(TestCase):
    @override_settings(DEMO=False)
    def test_says_how_to_begin_until_somebody_can_sign_in(self):
        assert HOW in said()
        make_person(name="Ida Voss")
        assert HOW in said(), "an invited person cannot sign in"
        ada = make_person(password="correct horse battery")
        assert said() == ""
        people.deactivate(person=ada, by=None, at=NOON)
        assert HOW in said()

    @override_settings(DEMO=True, DEMO_PASSWORD="")
    def test_says_that_the_demo_has_no_password(self):
        make_initiative(by=make_person())
        assert "DEMO_PASSWORD is empty" in said()
        assert personas.DEMO_PERSONAS[0].email not in said()

    @override_settings(DEMO=True, DEMO_PASSWORD="open sesame now")
    def test_says_as_whom_one_signs_in(self):
        make_initiative(by=make_person())
        assert personas.DEMO_PERSONAS[0].email in said()
        assert "Password of all: open sesame now" in said()
        assert HOW not in said()
