from __future__ import annotations

from django.template import engines
from django.test import SimpleTestCase


def shown(text: str, filters: str) -> str:
    template = engines["django"].from_string(f"{{{{ text|{filters} }}}}")
    return str(template.render({"text": text}))


class TestReferences(SimpleTestCase):
    def test_stay_on_one_line_of_a_page_with_the_brackets_around_them(self):
        assert shown("Decide: Claims (AI-0019), charter, and AI-12345.", "unbroken") == (
            'Decide: Claims <span class="gh-nowrap">(AI-0019)</span>, charter, and '
            '<span class="gh-nowrap">AI-12345</span>.'
        )

    def test_stay_on_one_line_of_a_mail_whose_lines_are_kept(self):
        assert shown("· AI-0019 Claims\nall", "unbroken_in_mail|linebreaksbr") == (
            '· <span style="white-space:nowrap">AI-0019</span> Claims<br>all'
        )

    def test_keep_their_hyphen_so_that_they_can_be_copied(self):
        assert "AI-0019" in shown("Claims (AI-0019)", "unbroken")

    def test_do_so_as_amounts_shares_and_days_do(self):
        for text in ("EUR 7,000", "EUR 900", "7.1 %", "3 Nov 2026", "23 Nov 2026"):
            assert shown(f"by {text}.", "unbroken") == f'by <span class="gh-nowrap">{text}</span>.'

    def test_let_nothing_in_that_is_no_text(self):
        assert shown("<b>AI-0001</b> & co", "unbroken") == (
            '&lt;b&gt;<span class="gh-nowrap">AI-0001</span>&lt;/b&gt; &amp; co'
        )

    def test_leave_alone_what_only_looks_like_one(self):
        for text in ("FAI-0001", "AI-driven", "ai-0001", "7 days", "On 3 Nov", "THE 3rd"):
            assert shown(text, "unbroken") == text

    def test_are_not_broken_where_text_is_wrapped(self):
        for width in range(8, 40):
            text = "Have it ready: Coding of invoices (AI-0019), late"
            assert "(AI-0019)" in shown(text, f"wordwrap:{width}")
