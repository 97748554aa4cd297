"""The demo portfolio: two years of one invented insurer, made through the actions.

The clock is passed in, so that each history is as old as its story says; dates are relative to
today. Nothing is written past an action, a shared password's hash excepted: what the demo shows is
what the product does. All deeds of all stories happen in the order of their moments.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts import actions as people
from accounts.models import Group, Person
from initiatives import actions as initiatives
from initiatives.memory import without_collector
from initiatives.models import Initiative
from initiatives.stages import Role, Stage
from notifications import actions as notifications
from notifications.models import Flag
from portfolio import stories
from portfolio.stories import deeds, imported, ticks
from portfolio.stories import people as told
from portfolio.stories.people import Cast
from portfolio.stories.story import Deed, Scene, Story
from reviews import actions as reviews


def load(portfolio: Iterable[Story] = stories.ALL, *, with_mails: bool = False) -> None:
    """Make the whole portfolio or nothing, then let the ticks look at it once; `with_mails` also on
    some mornings before, so that there are mails that were sent, and flags that have closed."""
    cast = Cast(now=timezone.now())
    with without_collector(), transaction.atomic():
        _people(cast)
        _units(cast)
        _tell(portfolio, cast, ticks.mornings(cast) if with_mails else ())
        imported.bring_in(cast)
        reviews.judge(at=cast.now)
        notifications.sweep(at=cast.now)
        _snooze(cast)


def _snooze(cast: Cast) -> None:
    """Something that can wait, so that Attention shows how that is said."""
    flag = Flag.objects.open().filter(rule="stalled").order_by("pk").first()
    if flag is not None:
        notifications.snooze(
            flag=flag,
            until=timezone.localdate(cast.now) + timedelta(days=6),
            reason="Its owner is back from leave on Monday, and takes it up then.",
            by=cast.lead,
            at=cast.now,
        )


def _people(cast: Cast) -> None:
    at = cast.now - told.HIRED
    for email, name, title in told.everybody():
        person = people.create_person(
            email=email, name=name, title=title, password=None, by=None, at=at
        )
        cast.people[email.partition("@")[0]] = person
    if settings.DEMO_PASSWORD:  # hashed once: that takes a fifth of a second, on purpose
        Person.objects.update(password=make_password(settings.DEMO_PASSWORD))
    for group in Group.objects.filter(key__in=told.GROUPS):
        for key in told.GROUPS[group.key]:
            people.join(person=cast.people[key], group=group, by=None, at=at)
    for person in cast.people.values():
        person._group_keys = None  # looked up before they had joined


def _units(cast: Cast) -> None:
    at = cast.now - told.HIRED
    for name, head in told.UNITS.items():
        above = cast.units.get(told.ABOVE.get(name, ""))
        cast.units[name] = initiatives.save_unit(
            unit=None, name=name, parent=above, head=cast.people[head], by=None, at=at
        )
        for key in told.MEMBERS[name]:
            person = cast.people[key]
            said = {"name": person.name, "title": person.title}
            people.edit_person(person=person, unit=cast.units[name], by=None, at=at, **said)


def _tell(
    told_stories: Iterable[Story], cast: Cast, mornings: Iterable[tuple[datetime, Deed]]
) -> None:
    """Register all of them in the order of their numbers; then everything happens in its turn."""
    timeline: list[tuple[datetime, Deed, Scene]] = [_leaving(cast)]
    timeline += [(at, deed, _of_none(cast, at)) for at, deed in mornings]
    for story in told_stories:
        scene = _begin(story, cast)
        for deed in (*deeds.beginning(story), *story.happened):
            timeline.append((deed.moment(cast), deed, scene))
    for at, deed, scene in sorted(timeline, key=itemgetter(0)):
        _happen(at, deed, scene)


def _happen(at: datetime, deed: Deed, scene: Scene) -> None:
    scene.at = at
    try:
        deed.act(scene)
    except Exception as error:
        error.add_note(f"{scene.story.name}, {deed.days_ago} days ago")
        raise


def _leaving(cast: Cast) -> tuple[datetime, Deed, Scene]:
    """Somebody leaves, and what they owned is unowned from that moment."""
    person = cast.people[told.LEAVER]

    def leave(scene: Scene) -> None:
        people.deactivate(person=person, by=cast.administrator, at=scene.at)

    deed = Deed(told.LEFT_DAYS_AGO, leave)
    at = deed.moment(cast)
    return at, deed, _of_none(cast, at)


def _of_none(cast: Cast, at: datetime) -> Scene:
    """For what happens in no story."""
    return Scene(cast, stories.ALL[0], Initiative(), at)


def _begin(story: Story, cast: Cast) -> Scene:
    """Register it, or let a lead declare that it runs already."""
    at = cast.moment(story.registered)
    description: dict[str, Any] = {
        "unit": cast.units[story.unit],
        "vendor": story.vendor,
        "pilot_budget": story.pilot_budget,
        "monthly_cost": story.monthly_cost,
        **story.description,
    }
    if story.declared is None:
        by = cast.people[story.owners.get(Role.BUSINESS_OWNER, "ingrid.vale")]
        made = initiatives.register(name=story.name, by=by, at=at, **description)
    else:
        made = initiatives.declare_as_running(
            name=story.name,
            stage=Stage(story.declared),
            since=cast.moment(story.running_since),
            by=cast.lead,
            at=at,
            **description,
        )
    return Scene(cast, story, made, at)
