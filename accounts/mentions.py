"""Who is meant by `@name` in a text."""

from accounts.models import Person


def mentioned(text: str) -> list[Person]:
    """Active people whose full name follows an @, however it is capitalised."""
    if "@" not in text:
        return []
    said = text.casefold()
    active = Person.objects.filter(is_active=True).order_by("pk")
    return [person for person in active if f"@{person.name.casefold()}" in said]
