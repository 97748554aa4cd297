"""Addresses of what deserves attention, of the campaign, of the machinery and of mail settings."""

from django.urls import path

from notifications.views import campaign, mine
from notifications.views.attention import Attention
from notifications.views.calendars import Feed
from notifications.views.mails import ChatSettings, MailSettings, Reset, Unsubscribe
from notifications.views.operations import Operations, Retry
from notifications.views.snoozing import SnoozeFlag, WakeFlag

campaign_pages = [
    path("start/", campaign.Start.as_view(), name="start"),
    path("start/mail/", campaign.LetterAsItLooks.as_view(), name="letter"),
    path("silent/", campaign.Silent.as_view(), name="silent"),
    path("silent/chase/", campaign.Chase.as_view(), name="chase"),
    path("dead/", campaign.Retire.as_view(), name="retire"),
    path("dead/<int:pk>/keep/", campaign.Keep.as_view(), name="keep"),
    path("mine/", mine.Mine.as_view(), name="mine"),
    path("mine/not/", mine.NotMine.as_view(), name="not_mine"),
    path("mine/dead/", mine.Dead.as_view(), name="dead"),
    path("mine/dates/", mine.Dates.as_view(), name="dates"),
]
urlpatterns = [
    path("", Attention.as_view(), name="attention"),
    path("<int:pk>/snooze/", SnoozeFlag.as_view(), name="snooze"),
    path("snoozes/<int:pk>/end/", WakeFlag.as_view(), name="wake"),
    path("operations/", Operations.as_view(), name="operations"),
    path("operations/mails/<int:pk>/retry/", Retry.as_view(), name="retry"),
]
mail_pages = [
    path("", MailSettings.as_view(), name="settings"),
    path("reset/", Reset.as_view(), name="reset"),
    path("chat/", ChatSettings.as_view(), name="chat"),
    path("chat/reset/", Reset.as_view(of=ChatSettings), name="reset_chat"),
    path("stop/<str:token>/", Unsubscribe.as_view(), name="unsubscribe"),
]
calendar_pages = [
    path("<slug:token>.ics", Feed.as_view(), name="feed"),
]
