from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from django.db import models, transaction

from audit.actions import Entry, Words, append

P = ParamSpec("P")
R = TypeVar("R")


class Refused(Exception):
    """A rule refused an act: its code, a sentence saying what to do, and the form field, if any.

    `detail` is for the page that shows the refusal; it is not recorded.
    """

    def __init__(
        self,
        message: str,
        *,
        rule: str,
        field: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.rule = rule
        self.field = field
        self.detail: Mapping[str, Any] = {} if detail is None else detail


def records_refusals(kind: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run an action in a transaction, and record as an event that a rule refused it.

    The action names its actor `by` and its clock `at`. The event is appended after the rollback,
    in a transaction of its own. An action inside another leaves one event, the outer one's.
    """

    def decorate(action: Callable[P, R]) -> Callable[P, R]:
        parameters = signature(action)
        if not {"at", "by"} <= parameters.parameters.keys():
            raise TypeError(f"{action.__qualname__} needs the arguments `at` and `by`.")

        @wraps(action)
        def recorded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                with transaction.atomic():
                    return action(*args, **kwargs)
            except Refused as refusal:
                _record(kind, refusal, parameters.bind(*args, **kwargs).arguments)
                raise

        return recorded

    return decorate


def _record(kind: str, refusal: Refused, arguments: Mapping[str, Any]) -> None:
    at: datetime = arguments["at"]
    subject, initiative_id = _about(arguments)
    entry = Entry(
        f"{kind}_refused",
        subject,
        initiative_id=initiative_id,
        actor_id=getattr(arguments["by"], "pk", None),
        changed={"rule": refusal.rule, "message": Words(refusal.message)},
    )
    with transaction.atomic():
        append([entry], at=at)


def _about(arguments: Mapping[str, Any]) -> tuple[str, int | None]:
    """Say what was acted on: the initiative, else what belongs to one, else whatever was passed."""
    initiative = arguments.get("initiative")
    if initiative is not None and initiative.pk is not None:
        return f"initiative:{initiative.pk}", initiative.pk
    rows = [
        value
        for name, value in arguments.items()
        if name != "by" and isinstance(value, models.Model) and value.pk is not None
    ]
    rows.sort(key=lambda row: not hasattr(row, "initiative_id"))
    if rows:
        return f"{rows[0]._meta.model_name}:{rows[0].pk}", getattr(rows[0], "initiative_id", None)
    actor_id = getattr(arguments["by"], "pk", None)
    return ("system" if actor_id is None else f"person:{actor_id}"), None
