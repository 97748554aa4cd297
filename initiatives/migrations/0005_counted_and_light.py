"""The index of what is counted by stage also says who may see it; light ones have one of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("initiatives", "0004_life_after_the_charter")]

    operations = [
        migrations.AddIndex(
            model_name="initiative",
            index=models.Index(
                fields=["stage", "decision_date", "counting_since", "declared_at", "id"],
                include=["level", "is_restricted"],
                name="initiative_counted",
            ),
        ),
        migrations.RemoveIndex(model_name="initiative", name="initiative_counted_by_stage"),
        migrations.AddIndex(
            model_name="initiative",
            index=models.Index(
                fields=["id"], condition=models.Q(level="light"), name="initiative_light"
            ),
        ),
    ]
