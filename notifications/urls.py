"""Addresses of what deserves attention."""

from django.urls import path

from notifications import views

urlpatterns = [path("", views.Attention.as_view(), name="attention")]
