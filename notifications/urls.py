"""Addresses of what deserves attention, of how the machinery runs, and of how often mails come."""

from django.urls import path

from notifications.views.attention import Attention
from notifications.views.mails import MailSettings, ResetMails, Unsubscribe
from notifications.views.operations import Operations, Retry

urlpatterns = [
    path("", Attention.as_view(), name="attention"),
    path("operations/", Operations.as_view(), name="operations"),
    path("operations/mails/<int:pk>/retry/", Retry.as_view(), name="retry"),
]
mail_pages = [
    path("", MailSettings.as_view(), name="settings"),
    path("reset/", ResetMails.as_view(), name="reset"),
    path("stop/<str:token>/", Unsubscribe.as_view(), name="unsubscribe"),
]
