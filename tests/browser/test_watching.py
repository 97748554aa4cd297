"""The tests of the browser would be blind without what `Visitor` notices: it has to."""

from __future__ import annotations

import pytest

from tests.browser.visitors import Visit, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WRONG = {
    "console: ": "console.error('oh')",
    "script: ": "setTimeout(() => { throw new Error('oh') })",
    "answer: 404": "fetch('/static/nowhere.js')",
    "request: ": "fetch('http://localhost:1/')",
    "console: Against the policy: connect-src": "fetch('http://localhost:1/')",
    "console: Against the policy: style-src": "document.body.setAttribute('style', 'color: red')",
    "console: Against the policy: script-src": """
      document.body.append(Object.assign(document.createElement("script"), { text: "1" }))""",
}


class TestVisitor:
    @pytest.fixture
    def visitor(self, visit: Visit) -> Visitor:
        found = visit()
        found.open("account_login")
        assert not found.problems
        return found

    @pytest.mark.parametrize("problem", WRONG)
    def test_notices(self, visitor: Visitor, problem: str):
        visitor.page.evaluate(f"() => {{ {WRONG[problem]} }}")
        visitor.page.wait_for_timeout(300)
        noticed = [said for said in visitor.problems if said.startswith(problem)]
        visitor.problems.clear()
        assert noticed
