"""One index with all that the dashboard counts by stage, in place of a narrower one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("initiatives", "0002_search")]

    operations = [
        migrations.AddIndex(
            model_name="initiative",
            index=models.Index(
                fields=["stage", "decision_date", "counting_since", "declared_at", "id"],
                name="initiative_counted_by_stage",
            ),
        ),
        migrations.RemoveIndex(model_name="initiative", name="initiative_stage_decision"),
    ]
