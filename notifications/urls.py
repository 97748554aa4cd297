"""Addresses of what deserves attention, and of how the machinery runs."""

from django.urls import path

from notifications.views.attention import Attention
from notifications.views.calendars import Feed
from notifications.views.operations import Operations, Retry
from notifications.views.snoozing import SnoozeFlag, WakeFlag

urlpatterns = [
    path("", Attention.as_view(), name="attention"),
    path("<int:pk>/snooze/", SnoozeFlag.as_view(), name="snooze"),
    path("snoozes/<int:pk>/end/", WakeFlag.as_view(), name="wake"),
    path("operations/", Operations.as_view(), name="operations"),
    path("operations/mails/<int:pk>/retry/", Retry.as_view(), name="retry"),
]
calendar_pages = [
    path("<slug:token>.ics", Feed.as_view(), name="feed"),
]
