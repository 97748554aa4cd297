from __future__ import annotations

from django.contrib import admin
from django.test import RequestFactory, SimpleTestCase

from notifications.models import Flag, Message, Reminder, Sweep


class TestAdmin(SimpleTestCase):
    def test_lets_nobody_write(self):
        request = RequestFactory().get("/")
        for model in (Message, Sweep):
            page = admin.site._registry[model]
            assert not page.has_add_permission(request)
            assert not page.has_change_permission(request)
            assert not page.has_delete_permission(request)

    def test_does_not_show_what_a_restricted_initiative_is_about(self):
        assert not admin.site.is_registered(Flag)
        assert not admin.site.is_registered(Reminder)
