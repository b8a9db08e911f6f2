"""Calls, counted: what a pass costs must grow with the work in thousands, not in rows."""

import pytest

from console.domain.records import State


@pytest.mark.parametrize("customers", [600, pytest.param(2_000, marks=pytest.mark.long)])
def test_hundreds_of_new_customers_cost_a_handful_of_salesforce_calls(build, customers):
    """Three for access, one look, three a piece (read again, accounts, contacts), and reading back.

    The pieces are 100, 400, 1,000 and the rest: the first ones are small so that whoever watches sees accounts appear.
    """
    world = build(customers=customers, org="empty")
    first = world.sync()
    accounts = world.query("SELECT COUNT(Id) n FROM Account")[0]["n"]
    assert accounts > 0.75 * customers
    assert first.salesforce_calls == world.total("salesforce") <= 3 + 1 + 3 * 4 + 4
    assert first.stale == first.refused == 0
    world.reset_calls("salesforce")
    second = world.sync()
    assert second.planned == 0
    assert world.total("salesforce") <= 3
    with world.open() as session:
        counts = session.cache.entries.counts()
        assert State.PENDING not in counts
        assert session.cache.entries.dirty_count() == 0
