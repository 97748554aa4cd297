"""How allauth signs people in here: by invitation only, each sign-in on record."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts import actions
from accounts.authentication import latest
from accounts.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People are created by administrators; there is no open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        if isinstance(user, Person) and (authentication := latest(request, user)):
            actions.record_sign_in(
                person=user, method=authentication.method, at=authentication.authenticated_at
            )

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link to our configured address, whatever host the request claimed to be for."""
        path: str = urlsplit(super().get_reset_password_from_key_url(key)).path
        return f"{settings.BASE_URL}{path}"

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing on sign-in and sign-out: the page that follows says it."""
