"""What stops and asks is answered key by key on the real thing, and the next pass does what was said."""

from __future__ import annotations

from console.domain.records import State
from console.store.cache import Cache
from screens.account import Account
from screens.app import ConsoleApp


def cache_of(bench, name):
    settings = bench.connections.load(name)
    return Cache.open(bench.connections.cache_path(name), org_id=settings.org_id, read_only=True)


async def open_account(pilot, until, ident):
    """From the list of accounts to one of them, by its id."""
    await pilot.press("2")
    await until(pilot, "State")
    await pilot.press("slash", *ident)
    await until(pilot, "1 account")
    await pilot.press("enter", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, Account) and pilot.app.screen.detail is not None)


async def test_a_customer_in_review_is_linked_by_a_person_and_unlinked_again(bench, until):
    name = bench.connected()
    body = {"Name": "Twin Peaks", "Website": "https://twin-peaks.example"}
    for number in range(2):
        fields = {**body, "Name": f"Twin Peaks {number}"}
        bench.control("POST", "salesforce/records/Account", {"fields": fields})
    customer_id = bench.control(
        "POST",
        "alguna/customers",
        {
            "name": "Twin Peaks",
            "currency": "USD",
            "website": "twin-peaks.example",
            "billing_address": {"line1": "1 Way", "city": "Ulm", "state": "", "postal_code": "89073", "country": "DE"},
            "contacts": [{"email": "ada@twin-peaks.example", "first_name": "Ada", "last_name": "Peak", "is_primary": True}],
        },
    )["id"]  # fmt: skip
    app = ConsoleApp(bench.desk, start=name)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "Last pass")
        await open_account(pilot, until, customer_id)
        screen = await until(pilot, "Which account is it?")
        assert "Twin Peaks 0" in screen
        assert "Twin Peaks 1" in screen
        chosen = app.screen.candidate()
        await pilot.press("l")
        screen = await until(pilot, "Link with this account?")
        assert chosen.name in screen
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.detail.revocable)
        assert not bench.query(f"SELECT Id FROM Account WHERE Alguna_Customer_ID__c = '{customer_id}'")
        await pilot.press("S")
        await until(pilot, lambda: app.screen.detail.state is State.IN_SYNC)
        (account,) = bench.query(
            f"SELECT Id, Name, BillingCity FROM Account WHERE Alguna_Customer_ID__c = '{customer_id}'"
        )
        assert (account["Id"], account["Name"], account["BillingCity"]) == (
            chosen.account_id,
            "Twin Peaks",
            "Ulm",
        )
        assert chosen.account_id in bench.control("GET", f"alguna/customers/{customer_id}")["aliases"]
        with cache_of(bench, name) as cache:
            link = cache.links.get(customer_id)
        assert link.how == "person"
        assert link.linked_by

        await pilot.press("u")
        await until(pilot, "Unlink?")
        await pilot.press("enter")
        await until(pilot, "Which account is it?")
        before = bench.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id")
        runs = app.live.last.run
        await pilot.press("s")
        await until(pilot, lambda: app.live.last.run > runs)
        assert app.live.last.planned == 0
        assert bench.query("SELECT Id, SystemModstamp FROM Account ORDER BY Id") == before
        with cache_of(bench, name) as cache:
            assert cache.links.get(customer_id) is None
            assert cache.entries.get(customer_id).state is State.REVIEW
