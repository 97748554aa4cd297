"""Make a made-up portfolio, for benchmarks and for a look at what many rows do."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from initiatives.memory import without_collector
from portfolio import generator

MOST = 1_000_000


class Command(BaseCommand):
    help = (
        "Fill an empty database with made-up initiatives in all stages, dates relative to today. "
        "Nothing in it is true: don't run it where real ones are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--initiatives", type=int, required=True, help="how many")
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same ones")
        parser.add_argument("--append", action="store_true", help="add to those that are there")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        count = options["initiatives"]
        if not 1 <= count <= MOST:
            raise CommandError(f"--initiatives {count}: give a number from 1 to {MOST:,}.")
        began = perf_counter()
        try:
            with without_collector():
                made = generator.generate(
                    initiatives=count,
                    seed=options["seed"],
                    at=timezone.now(),
                    append_to=options["append"],
                )
        except generator.NotEmpty as refusal:
            raise CommandError(str(refusal)) from refusal
        seconds = round(perf_counter() - began, 1)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(made) | {"seconds": seconds}))
            return
        stages = ", ".join(f"{stage} {number:,}" for stage, number in made.stages.items())
        self.stdout.write(
            f"{made.initiatives:,} initiatives ({stages}), {made.people:,} people, "
            f"{made.units} units, {made.measurements:,} measurements, {made.reviews:,} open "
            f"reviews, {made.events:,} events, in {seconds} s."
        )
