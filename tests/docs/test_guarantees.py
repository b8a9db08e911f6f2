"""Every promise of the guarantees names tests, and every test that it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", TEXT)))
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| promise")]


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name):
    path, _, test = name.partition("::")
    code = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {test or 'test_'}", code, re.MULTILINE), f"{name} is not there"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_a_promise_names_what_proves_it(row):
    promise, proof = row.strip("| ").split(" | ")
    assert promise.endswith(".")
    assert re.findall(r"`tests/[^`]+`", proof), "no test is named"


def test_there_are_promises_and_what_is_not_promised():
    assert len(ROWS) > 20
    assert len(re.findall(r"^- \*\*", TEXT.partition("## Not promised")[2], re.MULTILINE)) >= 5
