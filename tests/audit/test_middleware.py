from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, SimpleTestCase

from audit.middleware import RequestId
from audit.request import request_id


def answer(given: str | None) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request_id.get())

    headers = {} if given is None else {"X-Request-ID": given}
    return RequestId(view)(RequestFactory().get("/", headers=headers))


class TestRequestId(SimpleTestCase):
    def test_takes_the_id_that_a_proxy_gave(self):
        response = answer("proxy-17")
        assert response.content == b"proxy-17"
        assert response["X-Request-ID"] == "proxy-17"

    def test_makes_one_up(self):
        assert re.fullmatch("[0-9a-f]{32}", answer(None)["X-Request-ID"])

    def test_does_not_let_a_stranger_write_into_the_log(self):
        for given in ("x" * 65, "a b", "<script>", "naïve"):
            assert re.fullmatch("[0-9a-f]{32}", answer(given)["X-Request-ID"])

    def test_forgets_it_afterwards(self):
        answer("proxy-17")
        assert request_id.get() is None
