from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import groups

        post_migrate.connect(groups.ensure, sender=self, dispatch_uid="accounts.groups")
