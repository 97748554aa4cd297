"""The four reference points that are pages."""

from django.urls import path

from tests.bench.reference import views

urlpatterns = [path(f"{name}/", getattr(views, name)) for name in ("a", "b", "b2", "c")]
