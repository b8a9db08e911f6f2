"""The measures, in the order in which they are made. Syncs are shared: one first sync serves two or three measures."""

from __future__ import annotations

import atexit
from collections.abc import Sequence

from bench.first_paint import first_paint
from bench.floor import CUSTOMERS, Floor
from bench.lag import through_the_stream, within_a_poll
from bench.measure import Measure
from bench.repaint import repaint
from bench.syncs import LARGE, SMALL, Syncs


def every() -> Sequence[Measure]:
    """All measures."""
    syncs, floor = Syncs(), Floor()
    atexit.register(floor.close)
    return (
        Measure("first-paint", "first paint, 100,000 accounts against a bare Textual app", 2, "x", first_paint),
        Measure("repaint", "repaint of a scrolled page, 1,000,000 rows against 1,000", 1.2, "x", repaint),
        Measure("first-sync-calls", f"Salesforce calls, first sync of {SMALL:,} customers", 70, "calls", syncs.first_calls),
        Measure("quiet-pass-calls", "Salesforce calls, a pass with nothing changed", 3, "calls", syncs.quiet_calls),
        Measure("floor", f"first sync of {CUSTOMERS:,} customers against its bytes alone", 1.5, "x", floor.against_the_wire),
        Measure("one-by-one", "records one by one, simple-salesforce against a pass", 50, "x", floor.against_each, at_least=True),
        Measure("lag", "an edit in Salesforce to the cache, through the stream, p95", 2, "s", through_the_stream),
        Measure("lag-polled", "the slowest edit in Alguna to the cache, against the time between polls", 1.2, "x", within_a_poll),
        Measure("memory", f"peak memory, first sync of {LARGE:,} against {SMALL:,}", 2, "x", syncs.memory),
    )  # fmt: skip
