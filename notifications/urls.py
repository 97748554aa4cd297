"""Addresses of what deserves attention, and of how the machinery runs."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("", views.Attention.as_view(), name="attention"),
    path("operations/", views.Operations.as_view(), name="operations"),
    path("operations/mails/<int:pk>/retry/", views.Retry.as_view(), name="retry"),
]
