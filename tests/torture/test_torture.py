"""A few kills of the many that `make torture` does, with real processes."""

from __future__ import annotations

import sys

import pytest

import bench.torture.__main__ as torture

SLOW = 60.0
"""Seconds: how fast a start goes on is for `make torture`, on a computer that does nothing else."""


@pytest.mark.long
def test_a_few_kills_lose_nothing_and_do_nothing_twice(tmp_path, capsys, monkeypatch):
    words = ["torture", "--kills", "6", "--round", "2", "--customers", "30", "--seed", "3"]
    monkeypatch.setattr(sys, "argv", [*words, "--within", str(SLOW), "--keep", str(tmp_path)])
    assert torture.main() == 0, capsys.readouterr().out
    *rounds, line = capsys.readouterr().out.splitlines()
    assert line.startswith("6 kills (")
    assert "losses = 0, duplicates = 0" in line
    kinds = [word.partition("(")[2].partition(")")[0] for word in rounds if word.startswith("Round")]
    assert kinds == ["collections", "bulk jobs", "change events"]
