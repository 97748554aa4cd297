from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from reviews import actions

        post_migrate.connect(
            actions.ensure_default_policy, sender=self, dispatch_uid="reviews.default_policy"
        )
