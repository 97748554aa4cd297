"""The small version of proof f; `./script/manage prove permissions` is the whole of it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from django.test import TestCase

from proofs.permissions import doors, matrix, plants, world
from proofs.permissions.experiment import Permissions
from proofs.permissions.world import HIDDEN, OPEN, World
from proofs.reporting import Findings


class PermissionsTestCase(TestCase):
    world: ClassVar[World]

    @classmethod
    def setUpTestData(cls):
        cls.world = world.build(("pilot",))

    def proof(self, *columns: str, seen: str = OPEN) -> Permissions:
        """These people, on the one pilot that is seen by everybody, or by few."""
        asking = [a for a in self.world.askers if a.column in columns and not a.is_elsewhere]
        targets = [target for target in self.world.targets if target.seen == seen]
        some = World(asking, targets, self.world.extras)
        return Permissions(some, findings=Findings(is_quiet=True), is_whole=False)


class TestPermissions(PermissionsTestCase):
    def test_are_those_of_the_matrix_at_every_address(self):
        """Of those whom most is forbidden; the whole of it is for the command."""
        proof = self.proof("anonymous", "member")
        proof.ask_at(proof.doors)
        assert proof.findings.wrong == []

    def test_say_which_line_an_address_without_a_row_lacks(self):
        proof = self.proof("anonymous", "member", "lead")
        row = proof.rows.pop(("initiatives:export", "read"))
        proof.ask_at(door for door in proof.doors if door.name == "initiatives:export")
        proof.rows_are_right()
        said = proof.findings.wrong[0]
        assert said.startswith("docs/permissions.md lacks: | `initiatives:export` | read | sign in")
        assert len(said.split("|")) == len(row.line.split("|"))

    def test_are_not_those_of_a_matrix_that_says_otherwise(self):
        proof = self.proof("member")
        key = ("initiatives:spend", "do")
        proof.rows[key].cells["member"] = "yes"
        proof.ask_at(door for door in proof.doors if door.name == "initiatives:spend")
        assert proof.findings.wrong == [
            "`initiatives:spend` do: member on pilot (open): yes expected, no (422) found"
        ]


class TestPlants(PermissionsTestCase):
    def found(self, plant: str, door: str, *columns: str, seen: str = OPEN) -> str:
        proof = self.proof(*columns, seen=seen)
        proof.doors = [found for found in proof.doors if found.name == door]
        proof.fill_in()
        with plants.every()[plant]():
            return proof.finds()

    def test_can_all_be_put_in(self):
        """What a plant patches may have moved since."""
        for plant in plants.every().values():
            with plant():
                pass

    def test_an_override_by_anybody_is_found(self):
        found = self.found("everybody-overrides-everything", "reviews:countersign", "member")
        assert "no expected, yes (302, changed override.countersigned) found" in found

    def test_a_rule_that_always_says_yes_is_found(self):
        found = self.found("initiatives.may_edit", "initiatives:spend", "member", "lead")
        assert "no expected, yes (302, changed spend.recorded) found" in found

    def test_a_bar_that_bars_nobody_is_found(self):
        found = self.found("reviews.bar_to_deciding", "reviews:decide", "member", "lead")
        assert "no expected, yes (302" in found

    def test_restricted_ones_that_everybody_sees_are_found(self):
        found = self.found(
            "everybody-sees-everything", "initiatives:detail", "compliance", seen=HIDDEN
        )
        assert "404 expected, yes (200) found" in found

    def test_pages_that_want_no_sign_in_are_found(self):
        found = self.found("nobody-has-to-sign-in", "portfolio:my_work", "anonymous")
        assert "sign in expected, ERROR 500 (500) found" in found


class TestMatrix:
    def test_reads_its_own_lines(self):
        rows = matrix.read()
        assert rows
        assert matrix.read("\n".join(row.line for row in rows.values())) == rows

    def test_refuses_a_line_of_another_width(self):
        with pytest.raises(ValueError, match="3 cells"):
            matrix.read("| `x` | read | yes | no | 404 |")

    def test_names_every_address_and_none_that_is_gone(self):
        """`./script/manage prove permissions` says which lines to add to docs/permissions.md."""
        there = {door.key for door in doors.every()} | {doors.ADMIN}
        assert {key for key, _ in matrix.read()} == there
