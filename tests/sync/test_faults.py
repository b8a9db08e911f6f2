"""What goes wrong on the way: nothing is lost, nothing is made twice, everything is told."""

from contextlib import suppress

import pytest

from console.domain.records import State
from console.errors import BudgetReached, Conflict, SignInNeeded, Unreachable


def same_world_twice(world):
    """Nothing is left to do, and nothing exists twice."""
    summary = world.sync()
    names = [row["Alguna_Customer_ID__c"] for row in world.accounts().values()]
    assert len(names) == len(set(names))
    for account in world.accounts().values():
        emails = [contact["Email"] for contact in world.contacts(account["Id"])]
        assert len(emails) == len(set(emails)), "a contact was made twice"
    return summary


def expected(world):
    """Which customers must have an account in an org that was empty."""
    return {id_ for id_, each in world.customers().items() if each["billing_address"] and each["contacts"]}


def writes(world):
    return {call: n for call, n in world.calls("alguna").items() if not call.startswith("GET")}


# -- answers that get lost ------------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_a_call_cut_after_its_effect_makes_nothing_twice(build, nth):
    """Reading, creating accounts, creating contacts: whichever call it hits, by its place in the pass."""
    world = build(org="empty")
    with world.open() as session:
        cut = Cut(world, nth)
        session.salesforce.composite = cut(session.salesforce.composite)
        session.engine.run()
    assert set(world.accounts()) == expected(world)
    assert same_world_twice(world).planned == 0


class Cut:
    """Orders a fault just before the nth composite call that a client makes."""

    def __init__(self, world, nth, error="DROP_AFTER"):
        self.world, self.nth, self.error, self.count = world, nth, error, 0

    def __call__(self, call):
        def composite(requests):
            self.count += 1
            if self.count == self.nth:
                self.world.fault("salesforce", self.error, next=1, match="composite")
            return call(requests)

        return composite


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_a_call_cut_before_its_effect_is_made_up_for_in_the_same_pass(build, nth):
    world = build(org="empty")
    with world.open() as session:
        session.salesforce.composite = Cut(world, nth, "DROP")(session.salesforce.composite)
        session.engine.run()
    assert set(world.accounts()) == expected(world)
    assert same_world_twice(world).planned == 0


def test_alguna_cut_after_its_effect_adds_no_alias_twice(build):
    world = build(org="empty")
    world.fault("alguna", "DROP_AFTER", next=8, match="PATCH")
    world.sync()
    world.heal()
    same_world_twice(world)
    for id_, account in world.accounts().items():
        aliases = world.customer(id_)["aliases"]
        assert aliases.count(account["Id"]) == 1


def test_a_server_that_fails_half_of_the_time_is_overcome_in_a_few_passes(build):
    world = build(org="empty")
    world.fault("salesforce", "SERVER_UNAVAILABLE", share=0.3, match="composite")
    world.fault("alguna", "503", share=0.3)
    for _ in range(8):
        try:
            world.sync()
        except Unreachable:
            continue
    world.heal()
    world.sync()
    assert set(world.accounts()) == expected(world)
    assert same_world_twice(world).planned == 0


# -- what stops a pass ----------------------------------------------------------------------------------------


def test_another_org_behind_the_address_stops_before_the_first_write(build):
    world = build(org="half")
    world.sync()
    id_ = next(iter(world.accounts()))
    world.edit_customer(id_, name="Must not arrive")
    renewed = world.control("POST", "salesforce/org", {"new_id": True})
    world.secrets.set("practice", "salesforce_access", renewed["access_token"])
    for service in ("salesforce", "alguna"):
        world.reset_calls(service)
    with world.open() as session, pytest.raises(Conflict, match="another Salesforce org"):
        session.engine.run()
    with world.open() as session, pytest.raises(Conflict):
        session.engine.sync_one(id_)
    assert (
        world.query(f"SELECT Name FROM Account WHERE Alguna_Customer_ID__c = '{id_}'")[0]["Name"]
        != "Must not arrive"
    )
    assert not writes(world)
    with world.open() as session:
        (problem,) = [p for p in session.cache.problems.open() if p.subject == "run"]
        assert problem.category == "conflict"


def test_a_new_org_is_told_as_such_even_before_its_fields_are_looked_at(build):
    world = build(org="half")
    renewed = world.control("POST", "salesforce/org", {"new_id": True})
    world.secrets.set("practice", "salesforce_access", renewed["access_token"])
    with world.open() as session, pytest.raises(Conflict):
        session.engine.run()


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_a_token_revoked_in_the_middle_asks_for_a_sign_in_and_loses_nothing(build, nth):
    world = build(org="empty")
    with world.open() as session:
        client, count = session.salesforce, 0
        call = client.composite

        def composite(requests):
            nonlocal count
            count += 1
            if count == nth:
                world.control("POST", "salesforce/sessions/revoke")
            return call(requests)

        client.composite = composite
        with pytest.raises(SignInNeeded):
            session.engine.run()
        run = session.cache.runs.last(1)[0]
        assert run.outcome == "sign_in"
    with world.open() as session, pytest.raises(SignInNeeded):
        session.engine.run()


def test_a_key_that_alguna_takes_no_more_asks_for_a_sign_in(world):
    world.control("POST", "alguna/options", {"key_rights": "revoked"})
    with world.open() as session, pytest.raises(SignInNeeded):
        session.engine.run()


def test_after_a_new_sign_in_the_next_pass_goes_on(build):
    world = build(org="empty")
    world.fault("alguna", "401", next=1, match="PATCH")
    with world.open() as session, pytest.raises(SignInNeeded):
        session.engine.run()
    assert set(world.accounts()) == expected(world)
    world.sync()
    for id_, account in world.accounts().items():
        assert account["Id"] in world.customer(id_)["aliases"]
    with world.open() as session:
        assert not [p for p in session.cache.problems.open() if p.subject == "run"], "it was resolved"


def test_a_used_up_allocation_stops_and_says_so(world):
    world.sync()
    usage = world.control("GET", "salesforce/options")
    world.control("POST", "salesforce/options", {"daily_api_limit": usage["api_used"]})
    with world.open() as session, pytest.raises(BudgetReached):
        session.engine.run()
    world.control("POST", "salesforce/options", {"daily_api_limit": 100_000})
    assert world.sync().planned == 0


def test_in_an_org_without_the_fields_nothing_is_written_and_it_is_told(tmp_path):
    from console.rehearsal.server import Rehearsal

    from .conftest import World

    with Rehearsal(customers=10) as rehearsal:
        world = World(rehearsal, tmp_path / "home", {})
        with world.open() as session:
            summary = session.engine.run()
            assert summary.planned == 0
            assert any("Alguna_Customer_ID__c" in problem.title for problem in session.cache.problems.open())
        world.close()


# -- rows that are refused ------------------------------------------------------------------------------------


def test_rows_that_stay_locked_are_tried_again_and_written(build):
    world = build(org="empty")
    world.fault("salesforce", "UNABLE_TO_LOCK_ROW", rows=True, share=0.3)
    world.sync()
    world.heal()
    summary = world.sync()
    assert set(world.accounts()) == expected(world)
    assert summary.refused == 0
    assert same_world_twice(world).planned == 0


def test_rows_locked_for_the_whole_pass_stay_due(build):
    world = build(org="empty")
    world.fault("salesforce", "UNABLE_TO_LOCK_ROW", rows=True, share=1.0)
    with world.open() as session:
        summary = session.engine.run()
        assert summary.applied == 0
        assert session.cache.entries.counts()[State.PENDING] == len(expected(world))
    world.heal()
    world.sync()
    assert set(world.accounts()) == expected(world)
    assert State.PENDING not in world.counts()


def test_refused_rows_are_told_with_a_sentence_and_the_others_are_applied(build):
    world = build(org="empty")
    world.fault("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", rows=True, next=3)
    summary = world.sync()
    world.heal()
    assert summary.refused == 3
    assert len(world.accounts()) == len(expected(world)) - 3
    with world.open() as session:
        cache = session.cache
        assert cache.entries.counts()[State.REFUSED] == 3
        refused = [id_ for id_ in expected(world) if cache.entries.get(id_).state == State.REFUSED]
        for id_ in refused:
            assert "validation rule" in cache.entries.get(id_).why
            assert [row.outcome for row in cache.history.of(id_)] == ["refused"]
        problems = [p for p in cache.problems.open() if p.category == "refused" and p.subject]
        assert [p.count for p in problems] == [3], "one problem for one cause"


def test_what_was_refused_is_not_sent_again_unchanged_until_somebody_asks(build):
    world = build(org="empty")
    world.fault("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", rows=True, next=2)
    world.sync()
    world.heal()
    assert world.sync().planned == 0
    with world.open() as session:
        session.cache.entries.mark_dirty("all")
        assert session.engine.run().planned == 0
        session.engine.retry()
        session.engine.run()
    assert set(world.accounts()) == expected(world)
    with world.open() as session:
        assert not [p for p in session.cache.problems.open() if p.category == "refused" and p.subject]


def test_a_refused_row_is_tried_again_when_its_values_changed(build):
    world = build(org="empty")
    world.fault("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", rows=True, next=1)
    world.sync()
    world.heal()
    (id_,) = expected(world) - set(world.accounts())
    world.edit_customer(id_, name="Better Now")
    world.sync()
    assert world.accounts()[id_]["Name"] == "Better Now"


def test_a_value_that_does_not_fit_is_refused_and_the_rest_of_the_record_is_written(world):
    id_ = world.add_customer(
        name="Long Street Ltd",
        billing_address={
            "line1": "x" * 300,
            "city": "y" * 30,
            "state": "IL",
            "postal_code": "1",
            "country": "USA",
        },
    )
    world.sync()
    account = world.accounts()[id_]
    assert account["BillingCity"] == "y" * 30
    assert account["BillingStreet"] is None
    with world.open() as session:
        entry = session.cache.entries.get(id_)
        assert entry.state == State.REFUSED
        assert session.cache.history.of(id_)


def test_a_value_that_only_the_org_refuses_does_not_keep_the_account_away(world):
    """The org's own list of values: not foreseen by the field table, named by the refusal."""
    world.sync()
    id_ = world.add_customer(name="Lonely Field Ltd")
    world.fault("salesforce", "STRING_TOO_LONG", rows=True, next=1)
    world.sync()
    world.heal()
    with world.open() as session:
        outcomes = {row.outcome for row in session.cache.history.of(id_)}
        state = session.cache.entries.get(id_).state
    assert "refused" in outcomes
    assert state == State.REFUSED
    assert world.sync().planned == 0


# -- the ground moves -----------------------------------------------------------------------------------------


def test_an_account_edited_between_reading_and_writing_is_planned_anew(build):
    world = build(org="half")
    world.sync()
    id_, account = next(iter(world.accounts().items()))
    world.edit_customer(id_, name="From Alguna")
    with world.open() as session:
        before_write(
            session, lambda: world.edit_account(account["Id"], BillingCity="Meanwhile", Name="Meanwhile Inc")
        )
        summary = session.engine.run()
    assert summary.stale >= 1
    assert world.accounts()[id_]["Name"] == "From Alguna"
    assert world.customer(id_)["billing_address"]["city"] == "Meanwhile"
    with world.open() as session:
        assert "Meanwhile Inc" in {row.lost for row in session.cache.history.of(id_)}


def before_write(session, act):
    """Do something once, just before the rows that are about to be written are read again."""
    original, done = session.salesforce.composite, []

    def composite(requests):
        reads_again = any("IN" in request.url and "WHERE" in request.url for request in requests)
        if reads_again and not done:
            done.append(act())
        return original(requests)

    session.salesforce.composite = composite


def test_an_account_deleted_between_reading_and_writing_is_left_deleted(build):
    world = build(org="half")
    world.sync()
    id_, account = next(iter(world.accounts().items()))
    count = len(world.query("SELECT Id FROM Account"))
    world.edit_customer(id_, name="Too late")
    with world.open() as session:
        before_write(session, lambda: world.control("DELETE", f"salesforce/records/Account/{account['Id']}"))
        session.engine.run()
        assert session.cache.entries.get(id_).state == State.GONE
    assert len(world.query("SELECT Id FROM Account")) == count - 1


def test_an_account_made_for_the_customer_meanwhile_is_taken_instead_of_a_second_one(build):
    world = build(org="half")
    world.sync()
    id_ = world.add_customer(name="Raced")
    admin = world.rehearsal.handout["salesforce"]["username"]

    def race():
        fields = {"Name": "Raced by a colleague", "Alguna_Customer_ID__c": id_}
        world.control("POST", "salesforce/records/Account", {"fields": fields, "as": admin})

    with world.open() as session:
        before_write(session, race)
        session.engine.run()
    assert len(world.query(f"SELECT Id FROM Account WHERE Alguna_Customer_ID__c = '{id_}'")) == 1
    with world.open() as session:
        assert session.cache.links.get(id_).how.value == "customer_id"


def test_a_customer_deleted_between_reading_and_writing_is_gone_and_nothing_else_suffers(build):
    world = build(org="half")
    world.sync()
    (first, account), (second, other) = list(world.accounts().items())[:2]
    world.edit_account(account["Id"], BillingCity="Lost")
    world.edit_account(other["Id"], BillingCity="Kept")
    with world.open() as session:
        original = session.alguna.update

        def update(customer_id, *rest):
            if customer_id == first:
                world.control("DELETE", f"alguna/customers/{first}")
            return original(customer_id, *rest)

        session.alguna.update = update
        session.engine.run()
        assert session.cache.entries.get(first).state == State.GONE
    assert world.customer(second)["billing_address"]["city"] == "Kept"


def test_a_customer_edited_between_reading_and_writing_is_planned_anew(build):
    world = build(org="half")
    world.sync()
    id_, account = next(iter(world.accounts().items()))
    world.edit_account(account["Id"], BillingCity="By Salesforce")
    with world.open() as session:
        original, done = session.alguna.update, []

        def update(customer_id, *rest):
            if not done:
                address = {**world.customer(id_)["billing_address"], "city": "By Alguna"}
                done.append(world.edit_customer(id_, billing_address=address))
            return original(customer_id, *rest)

        session.alguna.update = update
        summary = session.engine.run()
    assert summary.stale >= 1
    assert world.customer(id_)["billing_address"]["city"] == "By Alguna"
    assert world.accounts()[id_]["BillingCity"] == "By Alguna"


def test_a_field_hidden_from_the_user_later_is_left_alone(build):
    """Field-level security taken away after the first pass: asked for anew, and not told as empty."""
    world = build(org="half")
    world.sync()
    id_, account = next((i, a) for i, a in world.accounts().items() if a["Alguna_Tax_Rate__c"])
    with world.open() as session:
        rows = world.query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.Alguna_Tax_Rate__c'")
        for row in rows:
            session.salesforce.send("DELETE", f"sobjects/FieldPermissions/{row['Id']}")
    world.edit_customer(id_, tax_rate="0.99", name="Hidden Tax Ltd")
    world.sync()
    after = world.accounts()[id_]
    assert after["Name"] == "Hidden Tax Ltd"
    assert after["Alguna_Tax_Rate__c"] == account["Alguna_Tax_Rate__c"]
    assert world.sync().planned == 0


# -- hostile and odd values -----------------------------------------------------------------------------------


def test_names_with_markup_and_control_characters_travel_as_text(world):
    odd = "[bold]O'Hara\x07 & \u202eSons\u202c </b> {0} %s \\' --"
    id_ = world.add_customer(name=odd)
    world.sync()
    name = world.accounts()[id_]["Name"]
    assert "[bold]O'Hara" in name
    assert "{0} %s" in name
    assert world.sync().planned == 0


def test_a_name_of_ten_thousand_characters_is_refused_with_a_sentence_and_harms_nobody(world):
    id_ = world.add_customer(name="N" * 10_000)
    other = world.add_customer(name="Its Neighbour")
    world.sync()
    assert id_ not in world.accounts()
    assert other in world.accounts()
    with world.open() as session:
        entry = session.cache.entries.get(id_)
    assert entry.state == State.REFUSED
    assert 0 < len(entry.why) < 500


def test_a_value_too_large_for_its_field_leaves_that_field_and_writes_the_others(world):
    id_ = world.add_customer(name="Big Spender")
    contract = {"start_date": "2026-09-01", "period_type": "monthly_rolling"}
    world.control(
        "POST",
        "alguna/subscriptions",
        {
            "customer_id": id_,
            "name": "All of it",
            "amount": "100000000.00",
            "interval": "yearly",
            "contract": contract,
            "status": "active",
        },
    )
    world.sync()
    account = world.accounts()[id_]
    assert account["Alguna_Subscription_Value__c"] is None
    assert account["Alguna_Subscription_Interval__c"] == "Yearly"
    with world.open() as session:
        assert session.cache.entries.get(id_).state == State.REFUSED


def test_an_alias_that_another_customer_has_is_refused_and_told(build):
    world = build(org="empty")
    world.sync()
    (first, account), (second, _) = list(world.accounts().items())[:2]
    aliases = [each for each in world.customer(first)["aliases"] if each != account["Id"]]
    world.edit_customer(first, aliases=aliases)
    world.edit_customer(second, aliases=[*world.customer(second)["aliases"], account["Id"]])
    summary = world.sync()
    assert summary.refused == 1
    assert world.sync().planned == 0
    with world.open() as session:
        assert session.cache.entries.get(first).state == State.REFUSED


@pytest.mark.parametrize("error", ["HTML_200", "HTML_503"])
@pytest.mark.parametrize("skip", [0, 1, 2, 3])
def test_a_page_instead_of_an_answer_loses_nothing_and_makes_nothing_twice(build, error, skip):
    """A proxy's page, or that of an org under maintenance, says nothing about what became of a call."""
    world = build(org="empty")
    world.fault("salesforce", error, next=1, skip=skip, match="composite")
    with suppress(Unreachable):
        world.sync()
    world.heal()
    world.sync()
    assert set(world.accounts()) == expected(world)
    assert same_world_twice(world).planned == 0


@pytest.mark.parametrize("error", ["CONCURRENT_REQUESTS", "CONCURRENT_LONG_TXN"])
def test_too_many_requests_at_once_pass_and_are_not_taken_for_a_day_that_ended(world, error):
    world.fault("salesforce", error, share=1.0)
    with pytest.raises(Unreachable, match="Too many requests are open"):
        world.sync()
    world.heal()
    world.fault("salesforce", error, next=1)
    with suppress(Unreachable):
        world.sync()
    world.heal()
    world.sync()
    assert world.sync().planned == 0
