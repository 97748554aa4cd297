"""Addresses of the pages that show everything."""

from django.urls import path

from portfolio.views import (
    blockers,
    campaign,
    dashboard,
    health,
    lessons,
    people,
    settings,
    work,
)
from portfolio.views import initiatives as pages

portfolio_pages = [
    path("", dashboard.Dashboard.as_view(), name="dashboard"),
    path("debt/", dashboard.Debt.as_view(), name="debt"),
    path("blockers/", blockers.Blockers.as_view(), name="blockers"),
    path("lessons/", lessons.Lessons.as_view(), name="lessons"),
    path("my-work/", work.MyWork.as_view(), name="my_work"),
    path("my-work/owned/", work.Owned.as_view(), name="owned"),
    path("my-work/deadlines/", work.Deadlines.as_view(), name="deadlines"),
    path("my-work/reminders/", work.Reminders.as_view(), name="reminders"),
    path("my-work/reminders/read/", work.Read.as_view(), name="read_all"),
    path("my-work/reminders/<int:pk>/read/", work.Read.as_view(), name="read"),
    path("my-work/settings/", settings.MySettings.as_view(), name="my_settings"),
    path("my-work/deputy/", settings.Deputy.as_view(), name="deputy"),
    path(
        "my-work/calendars/<slug:kind>/",
        settings.MakeCalendar.as_view(),
        name="make_calendar",
    ),
    path(
        "my-work/calendars/<slug:kind>/revoke/",
        settings.RevokeCalendar.as_view(),
        name="revoke_calendar",
    ),
    path("my-work/channel/", settings.EnterChannel.as_view(), name="enter_channel"),
    path(
        "my-work/channel/on/",
        settings.SwitchChannel.as_view(),
        {"is_on": True},
        name="channel_on",
    ),
    path(
        "my-work/channel/off/",
        settings.SwitchChannel.as_view(),
        {"is_on": False},
        name="channel_off",
    ),
    path("my-work/channel/remove/", settings.RemoveChannel.as_view(), name="remove_channel"),
]
people_pages = [
    path("", people.People.as_view(), name="list"),
    path("<int:pk>/", people.PersonPage.as_view(), name="detail"),
    path("<int:pk>/deactivate/", people.Deactivate.as_view(), name="deactivate"),
    path("<int:pk>/reactivate/", people.Reactivate.as_view(), name="reactivate"),
    path("<int:pk>/leaving/", people.Leaving.as_view(), name="leaving"),
    path("<int:pk>/hand-over/", people.HandOverAll.as_view(), name="hand_over"),
    path("hand-overs/<int:pk>/", people.TakeOver.as_view(), name="take_over"),
    path("hand-overs/<int:pk>/withdraw/", people.WithdrawHandOver.as_view(), name="withdraw"),
]
initiative_pages = [
    path("", pages.InitiativeList.as_view(), name="list"),
    path("export/", pages.ExportInitiatives.as_view(), name="export"),
    path("<int:pk>/", pages.InitiativeDetail.as_view(), name="detail"),
    path("<int:pk>/tabs/<slug:tab>/", pages.Tab.as_view(), name="tab"),
    path("<int:pk>/brief/", dashboard.Brief.as_view(), name="brief"),
    path("<int:pk>/kill-conditions/history/", pages.KillHistory.as_view(), name="kill_history"),
    path("<int:pk>/history/", pages.History.as_view(), name="history"),
]
campaign_pages = [path("", campaign.Counts.as_view(), name="counts")]
health_pages = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
