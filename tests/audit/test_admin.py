from __future__ import annotations

from django.contrib.admin import AdminSite
from django.test import RequestFactory, SimpleTestCase

from audit.admin import EventAdmin
from audit.models import Event


class TestEventAdmin(SimpleTestCase):
    def test_lets_nobody_write(self):
        admin = EventAdmin(Event, AdminSite())
        request = RequestFactory().get("/")
        assert not admin.has_add_permission(request)
        assert not admin.has_change_permission(request)
        assert not admin.has_delete_permission(request)

    def test_offers_no_texts(self):
        from django.contrib import admin

        from audit.models import Head, Text

        assert admin.site.is_registered(Event)
        assert not admin.site.is_registered(Text)
        assert not admin.site.is_registered(Head)
