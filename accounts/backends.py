"""How a signed-in person is loaded at each request."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from accounts.models import Person


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's backend, which loads the person together with the keys of their groups."""

    def get_user(self, user_id: Any) -> Person | None:
        person = Person.objects.with_group_keys(user_id)
        return person if person is not None and self.user_can_authenticate(person) else None
