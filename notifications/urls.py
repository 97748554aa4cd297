"""Addresses of what deserves attention, and of how the machinery runs."""

from django.urls import path

from notifications.views.attention import Attention
from notifications.views.operations import Operations, Retry

urlpatterns = [
    path("", Attention.as_view(), name="attention"),
    path("operations/", Operations.as_view(), name="operations"),
    path("operations/mails/<int:pk>/retry/", Retry.as_view(), name="retry"),
]
