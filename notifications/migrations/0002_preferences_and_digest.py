import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_flags_and_messages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("topic", models.CharField(max_length=20)),
                (
                    "channel",
                    models.CharField(choices=[("email", "E-mail")], default="email", max_length=10),
                ),
                (
                    "pace",
                    models.CharField(
                        choices=[
                            ("at_once", "At once"),
                            ("daily", "Once a day"),
                            ("weekly", "Once a week"),
                            ("off", "Not at all"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={"ordering": ("person", "topic")},
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.UniqueConstraint(
                fields=("person", "topic", "channel"),
                name="a_person_chooses_one_pace_for_a_topic_and_channel",
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="state",
            field=models.CharField(
                choices=[
                    ("owed", "Owed"),
                    ("sent", "Sent"),
                    ("cancelled", "Cancelled"),
                    ("muted", "Not sent, as chosen"),
                ],
                default="owed",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(
            model_name="message", name="a_person_gets_one_mail_a_day_of_what_can_wait"
        ),
        migrations.AddField(
            model_name="message",
            name="is_digest",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(is_urgent=False, is_digest=False) & ~models.Q(state="cancelled"),
                fields=("recipient", "day"),
                name="a_person_gets_one_mail_a_day_of_what_can_wait",
            ),
        ),
    ]
