"""The spells in which a criterion holds an initiative back; and what was learned from those that
ended, taken over from their decisions to where search finds it."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from initiatives.search import LONGEST, fold

ENDS = ("kill", "decommission")
BATCH = 500
TAKEN = ["ended_because", "lesson", "search_text"]


def take_over_lessons(apps: Any, schema_editor: Any) -> None:
    """What is retired never comes back, so that the last such decision is the one that holds."""
    Initiative = apps.get_model("initiatives", "Initiative")
    Decision = apps.get_model("reviews", "Decision")
    ends = Decision.objects.filter(kind__in=ENDS).order_by("decided_at")
    last = {end.initiative_id: end for end in ends.select_related("initiative")}
    rows = [_with_its_lesson(end.initiative, end) for end in last.values()]
    Initiative.objects.bulk_update(rows, TAKEN, batch_size=BATCH)


def _with_its_lesson(row: Any, end: Any) -> Any:
    row.ended_because, row.lesson = end.reason, end.lesson
    learned = fold(f"{end.reason} {end.lesson}")
    row.search_text = f"{row.search_text} {learned}"[: LONGEST + 1]
    return row


class Migration(migrations.Migration):
    dependencies = [
        ("initiatives", "0012_lessons"),
        ("reviews", "0007_rebaseline_and_catch_up"),
    ]

    operations = [
        migrations.CreateModel(
            name="JudgedUpTo",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="judged_up_to_is_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                (
                    "initiative",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="initiatives.initiative",
                    ),
                ),
                ("judged_at", models.DateTimeField()),
                ("policy_version", models.PositiveIntegerField()),
                ("is_due", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_due", True)),
                        fields=["initiative"],
                        name="judgement_due",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UnmetCriterion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "gate",
                    models.CharField(
                        choices=[
                            ("charter", "Charter"),
                            ("ship_or_kill", "Ship-or-kill"),
                            ("go_live", "Go-live"),
                            ("recertification", "Recertification"),
                            ("retirement", "Retirement"),
                        ],
                        max_length=20,
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "initiative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="initiatives.initiative",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("until", None)),
                        fields=["gate", "key"],
                        include=("initiative", "since"),
                        name="unmet_criterion_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until", None)),
                        fields=("initiative", "gate", "key"),
                        name="a_criterion_holds_an_initiative_once_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunPython(take_over_lessons, migrations.RunPython.noop),
    ]
