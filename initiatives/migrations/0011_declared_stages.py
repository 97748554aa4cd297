"""Where each imported or declared initiative was declared to be: its declared stay says so."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def say(apps, schema_editor):
    spells = apps.get_model("initiatives", "StageSpell").objects.filter(
        initiative=OuterRef("pk"), is_declared=True
    )
    declared = apps.get_model("initiatives", "Initiative").objects.filter(
        declared_at__isnull=False, spells__is_declared=True
    )
    first = spells.order_by("entered_at", "pk").values("stage")[:1]
    declared.update(declared_stage=Subquery(first))


class Migration(migrations.Migration):
    dependencies = [("initiatives", "0010_rebaseline_and_catch_up")]

    operations = [migrations.RunPython(say, migrations.RunPython.noop)]
