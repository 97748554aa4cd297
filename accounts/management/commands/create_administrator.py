"""Make the first person: somebody who administers people, and leads the portfolio."""

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from accounts import actions
from audit.refusals import Refused


class Command(BaseCommand):
    help = (
        "Create an administrator who is a portfolio lead as well. Asks for the password, or takes "
        "it from the variable GATEHOUSE_PASSWORD."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *, email: str, name: str, **options: Any) -> None:
        password = os.environ.get("GATEHOUSE_PASSWORD") or getpass.getpass("Password: ")
        try:
            validate_email(email)
            validate_password(password)
            actions.create_administrator(
                email=email, name=name, password=password, by=None, at=timezone.now()
            )
        except (ValidationError, Refused) as problem:
            raise CommandError("; ".join(getattr(problem, "messages", [str(problem)]))) from problem
        self.stdout.write(f"{name} can sign in as {email}.")
