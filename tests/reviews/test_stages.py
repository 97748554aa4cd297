"""No route moves a stage past an unmet gate (issue 2, item 6)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.test import TestCase

from initiatives import actions as initiatives
from initiatives import forms
from initiatives.models import Initiative, StageSpell
from initiatives.stages import Stage
from reviews.models import Decision, PolicyVersion, Review, SignOff, Slot, Snapshot
from tests import factories
from tests.factories import NOON
from tests.reviews.scenes import DAY, refusal

BASE = Path(settings.BASE_DIR)
APPS = ("accounts", "audit", "config", "initiatives", "notifications", "portfolio", "reviews")
# Where an initiative's stage may be set: its own method, and what a new row is made with.
ENTERS = {
    ("reviews/actions/deciding.py", "_move"),
    ("initiatives/actions/registering.py", "_create"),
    ("initiatives/actions/importing/creating.py", "_build"),
}
SETS_A_STAGE = {("initiatives/models/registry.py", "enter")}
# Makes new rows in whatever stage; that it moves none is for its own tests.
GENERATED = "portfolio/generator.py"


@cache
def functions() -> tuple[tuple[str, ast.FunctionDef], ...]:
    """Every function of the product, with its file; read once for all that look through them."""
    return tuple(_functions())


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for app in APPS:
        for path in sorted((BASE / app).rglob("*.py")):
            name = path.relative_to(BASE).as_posix()
            if "/migrations/" in name:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    yield name, node


def calls(function: ast.FunctionDef, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
    ]


def assigns_stage(function: ast.FunctionDef) -> bool:
    """Whether it says `something.stage = …`, alone or among others."""
    stores = (
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    )
    return any(node.attr == "stage" for node in stores)


def updates_stage(function: ast.FunctionDef) -> bool:
    """Whether it calls `.update(stage=…)`, itself or through `_change`, or names the field for a
    bulk update."""
    writes = (*calls(function, "update"), *calls(function, "_change"))
    updates = any(keyword.arg == "stage" for call in writes for keyword in call.keywords)
    bulk = (
        constant.value == "stage"
        for call in (*calls(function, "bulk_update"), *calls(function, "setattr"))
        for constant in ast.walk(call)
        if isinstance(constant, ast.Constant)
    )
    return updates or any(bulk)


class TestTheSource:
    def test_finds_what_it_looks_for(self):
        tree = ast.parse("def f(x):\n x.a, x.stage = 1, 2\n x.update(stage=1)\n x.enter(1)")
        (function,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        assert assigns_stage(function)
        assert updates_stage(function)
        assert calls(function, "enter")

    def test_enters_a_stage_where_the_architecture_says_and_nowhere_else(self):
        found = {(name, f.name) for name, f in functions() if calls(f, "enter")}
        assert found == ENTERS

    def test_sets_a_stage_in_the_method_of_the_initiative_alone(self):
        found = {(name, f.name) for name, f in functions() if assigns_stage(f)}
        assert {place for place in found if place[0] != GENERATED} == SETS_A_STAGE

    def test_updates_a_stage_in_the_method_of_the_initiative_alone(self):
        found = {(name, f.name) for name, f in functions() if updates_stage(f)}
        assert {place for place in found if place[0] != GENERATED} == {
            ("initiatives/models/registry.py", "_move")
        }

    def test_writes_a_stage_by_no_sql_of_its_own(self):
        for app in APPS:
            for path in (BASE / app).rglob("*.py"):
                if "/migrations/" not in path.as_posix():
                    text = path.read_text().lower()
                    assert "update initiatives_initiative" not in text, path

    def test_offers_no_form_with_a_stage(self):
        modules = [
            import_module(f"initiatives.forms.{m.name}") for m in iter_modules(forms.__path__)
        ]
        found = [form for module in modules for form in vars(module).values()]
        assert len(modules) > 5
        for form in found:
            if isinstance(form, type) and hasattr(form, "base_fields"):
                assert "stage" not in form.base_fields, form


class TestTheAdmin:
    def test_knows_nothing_about_how_it_moves(self):
        """No admin exists for these at all; whoever adds one has to come by here."""
        unseen: tuple[type[models.Model], ...] = (
            Initiative, StageSpell, Review, Slot, SignOff, Decision, Snapshot, PolicyVersion,
        )  # fmt: skip
        for model in unseen:
            assert not admin.site.is_registered(model), model

    def test_shows_what_it_shows_for_reading_only(self):
        for model, shown in admin.site._registry.items():
            if model._meta.app_label in ("audit", "notifications"):
                assert not shown.has_change_permission(None)  # type: ignore[arg-type]
                assert not shown.has_delete_permission(None)  # type: ignore[arg-type]

    def test_has_no_form_that_could_take_a_stage(self):
        for model in apps.get_models():
            if admin.site.is_registered(model):
                assert "stage" not in {field.name for field in model._meta.get_fields()}


class TestTheFields:
    def test_are_not_editable(self):
        for name in ("stage", "stage_entered_at", "decision_date", "version"):
            assert not Initiative._meta.get_field(name).editable, name


class TestEditing(TestCase):
    def test_does_not_know_the_stage(self):
        lead = factories.make_lead()
        row = factories.make_initiative(by=lead)
        with pytest.raises(TypeError, match="stage"):
            initiatives.edit(initiative=row, by=lead, at=NOON, stage=Stage.PRODUCTION)
        assert factories.reloaded(row).stage == Stage.PROPOSAL

    def test_declares_for_leads_alone(self):
        member = factories.make_person()
        no = refusal(factories.make_declared, by=member)
        assert no.rule == "not_a_lead"
        assert not Initiative.objects.exists()


ROW = {"Name": "Claims triage", "ID": "17", "Stage": "Proposal"}


class TestImporting(TestCase):
    def imported(self, by, at, **changes: str) -> None:
        parsed = factories.make_parsed(rows=[ROW | changes])
        initiatives.import_inventory(parsed=parsed, file_name="inventory.csv", by=by, at=at)

    def test_moves_no_stage_that_is_here_already(self):
        lead = factories.make_lead()
        self.imported(lead, NOON)
        row = Initiative.objects.get()
        assert row.stage == Stage.PROPOSAL
        self.imported(lead, NOON + DAY, Stage="Production")
        again = Initiative.objects.get()
        assert (again.pk, again.stage, again.version) == (row.pk, Stage.PROPOSAL, 1)
        assert StageSpell.objects.count() == 1
        assert not Decision.objects.exists()
