"""The reference points that are pages."""

from django.urls import path

from tests.bench.reference import views

NAMES = ("a", "b", "b2", "c", "copy")
urlpatterns = [path(f"{name}/", getattr(views, name)) for name in NAMES]
