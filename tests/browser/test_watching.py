"""The tests of the browser would be blind without what `Visitor` notices: it has to."""

from __future__ import annotations

import pytest

from tests.browser.visitors import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WRONG = {
    "console: ": "console.error('oh')",
    "script: ": "setTimeout(() => { throw new Error('oh') })",
    "answer: 404": "fetch('/static/nowhere.js')",
    "request: ": "fetch('/cut-off')",
    "console: Against the policy: connect-src": "fetch('http://localhost:1/')",
    "console: Against the policy: style-src": "document.body.setAttribute('style', 'color: red')",
    "console: Against the policy: script-src": """
      document.body.append(Object.assign(document.createElement("script"), { text: "1" }))""",
}


class TestVisitor:
    def test_notices_whatever_goes_wrong(self, visit: Visit):
        visitor = visit()
        visitor.open("account_login")
        visitor.page.route("**/cut-off", lambda route: route.abort("connectionreset"))
        for problem, script in WRONG.items():
            assert not visitor.problems
            visitor.page.evaluate(f"() => {{ {script} }}")
            visitor.page.wait_for_timeout(200)
            noticed, visitor.problems[:] = list(visitor.problems), []
            assert any(said.startswith(problem) for said in noticed), problem
