import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.plain import plain, readable, storable

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT, st.integers(1, 50))
def test_whatever_comes_in_nothing_that_acts_on_a_terminal_comes_out(text, limit):
    shown = plain(text, limit)
    assert len(shown) <= limit
    for sign in shown:
        assert unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp", "Co", "Cn")
        assert unicodedata.category(sign) != "Cf" or sign in "\u200c\u200d"


@given(ANY_TEXT)
def test_showing_twice_shows_the_same(text):
    once = plain(text, None)
    assert plain(once, None) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Acme Corp", "Acme Corp"),
        ("Café Zürich 日本 🦊", "Café Zürich 日本 🦊"),
        ("red\x1b[31m alert", "red␛[31m alert"),
        ("nul\x00byte", "nul␀byte"),
        ("del\x7fete", "del␡ete"),
        ("c1\x9bcsi", "c1�csi"),
        ("two\r\nlines\tand tab", "two lines and tab"),
        ("exe\u202egnp.doc", "exe�gnp.doc"),
        ("\u2066iso\u2069late", "�iso�late"),
        ("zero\u200bwidth\ufeff", "zero�width�"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("no\xa0break", "no break"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
    ],
)
def test_hostile_text_is_shown_as_what_it_is(text, shown):
    assert plain(text) == shown


def test_a_pile_of_marks_is_cut_down():
    shown = plain("a" + "\u0301" * 500)
    assert shown.startswith("a\u0301")
    assert len(shown) == 5


def test_long_text_ends_in_an_ellipsis():
    assert plain("x" * 300) == "x" * 199 + "…"
    assert plain("abc def", 5) == "abc…"
    assert plain("abc", 3) == "abc"


def test_what_is_stored_keeps_its_lines_and_loses_what_no_database_keeps():
    assert storable("1 Main St\r\nSuite 100\rDock") == "1 Main St\nSuite 100\nDock"
    assert storable("a\x00b\x1bc\ud800d\te") == "abcd\te"


@given(ANY_TEXT)
def test_stored_text_can_be_encoded_and_is_stored_the_same_again(text):
    kept = storable(text)
    kept.encode("utf-8")
    assert storable(kept) == kept


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2028-04-17T00:00:00Z", "2028-04-17"),
        ("2028-04-17T14:02:00Z", "2028-04-17 14:02 UTC"),
        ("2028-04-17T14:02:11Z", "2028-04-17 14:02:11 UTC"),
        ("2028-04-17T14:02:11Z ", "2028-04-17T14:02:11Z "),
        ("٢٠٢٨-04-17T00:00:00Z", "٢٠٢٨-04-17T00:00:00Z"),
        ("Acme Corp", "Acme Corp"),
    ],
)
def test_an_instant_reads_as_a_day_and_a_time(value, words):
    assert readable(value) == words
