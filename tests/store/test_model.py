"""Whatever happens in whatever order: the rows, their counts and what is due agree with a model that is too simple to be wrong."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from console.domain.ids import to_18
from console.domain.records import Account, Customer, Link, MatchedBy, State
from console.errors import Conflict
from console.store.cache import Cache
from console.store.entries import Settled
from console.store.grid import Grid

CUSTOMERS = [f"cus_{n}" for n in range(5)]
ACCOUNTS = [to_18(f"001{n:012d}") for n in range(5)]
NAMES = st.sampled_from(["Acme", "acme Ltd", "Beta", "Zürich"])
SITES = st.sampled_from([None, "acme.example", "beta.example"])


class CacheModel(RuleBasedStateMachine):
    """A cache beside plain dictionaries."""

    ids = Bundle("ids")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "cache.db"
        self.cache = Cache.open(self.path, org_id="00D000000000001")
        self.grid = Grid.open(self.path)
        self.customers: dict[str, Customer] = {}
        self.accounts: dict[str, Account] = {}
        self.links: dict[str, str] = {}
        self.states: dict[str, State] = {}
        self.due: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "cache"):
            self.grid.close()
            self.cache.close()
            self.folder.cleanup()

    @rule(id_=st.sampled_from(CUSTOMERS), name=NAMES, site=SITES, alias=st.sampled_from(ACCOUNTS))
    def put_customer(self, id_: str, name: str, site: str | None, alias: str) -> None:
        customer = Customer(id_, name, "", "", {"Website": site}, (alias,))
        changed = self.cache.customers.put([customer], "now", "poll")
        assert changed == ([] if self.customers.get(id_) == customer else [id_])
        self.customers[id_] = customer
        self.states.setdefault(id_, State.NEW)
        self.due.update(changed)

    @rule(id_=st.sampled_from(ACCOUNTS), name=NAMES, site=SITES, deleted=st.booleans())
    def put_account(self, id_: str, name: str, site: str | None, deleted: bool) -> None:
        account = Account(id_, name, "", {"Website": site}, deleted=deleted)
        changed = self.cache.accounts.put([account], "now", "poll")
        assert changed == ([] if self.accounts.get(id_) == account else [id_])
        self.accounts[id_] = account
        if changed:
            self.due.update(customer for customer, linked in self.links.items() if linked == id_)

    @rule(customer=st.sampled_from(CUSTOMERS), account=st.sampled_from(ACCOUNTS))
    def link(self, customer: str, account: str) -> None:
        taken = next((c for c, a in self.links.items() if a == account and c != customer), None)
        try:
            self.cache.links.put([Link(customer, account, MatchedBy.PERSON, "", "", "")])
        except Conflict:
            assert taken is not None
        else:
            assert taken is None
            self.links[customer] = account
            self.due.add(customer)

    @rule(customer=st.sampled_from(CUSTOMERS))
    def unlink(self, customer: str) -> None:
        removed = self.cache.links.remove([customer], "now")
        assert removed == (1 if self.links.pop(customer, None) else 0)
        self.due.add(customer)

    @rule(customer=st.sampled_from(CUSTOMERS), state=st.sampled_from(State))
    def settle(self, customer: str, state: State) -> None:
        self.cache.entries.settle([Settled(customer, state, 0, "")])
        if customer in self.customers:
            self.states[customer] = state
        self.due.discard(customer)

    @rule(still=st.sets(st.sampled_from(CUSTOMERS)))
    def pull_everything(self, still: set[str]) -> None:
        self.cache.customers.begin_full_pull()
        here = [replace(self.customers[id_], gone=False) for id_ in sorted(still) if id_ in self.customers]
        self.due.update(self.cache.customers.put(here, "now", "poll"))
        missing = {id_ for id_, customer in self.customers.items() if id_ not in still and not customer.gone}
        assert self.cache.customers.end_full_pull("now") == len(missing)
        self.customers.update({customer.id: customer for customer in here})
        self.customers.update({id_: replace(self.customers[id_], gone=True) for id_ in missing})
        self.due.update(missing)

    @rule()
    def open_again(self) -> None:
        self.cache.close()
        self.cache = Cache.open(self.path, org_id="00D000000000001")

    @rule()
    def fail_half_way(self) -> None:
        def source():
            yield Customer("cus_0", "Never", "", "")
            raise ConnectionError

        with pytest.raises(ConnectionError):
            self.cache.customers.put(source(), "now", "poll")

    @invariant()
    def records_are_those_put(self) -> None:
        assert self.cache.customers.many(CUSTOMERS) == self.customers
        assert self.cache.accounts.many(ACCOUNTS) == self.accounts
        assert {id_: link.account_id for id_, link in self.cache.links.many(CUSTOMERS).items()} == self.links

    @invariant()
    def rows_are_one_per_customer_and_one_per_account_without_one(self) -> None:
        expected = {
            (id_, self.links.get(id_), customer.name, self.states[id_])
            for id_, customer in self.customers.items()
        } | {
            (None, id_, account.name, State.SALESFORCE_ONLY)
            for id_, account in self.accounts.items()
            if not account.deleted and id_ not in self.links.values()
        }
        assert self.grid.arrange() == len(expected)
        shown = {(row.customer_id, row.account_id, row.name, row.state) for row in self.grid.rows()}
        assert shown == expected
        counts: dict[State, int] = {}
        for *_, state in expected:
            counts[state] = counts.get(state, 0) + 1
        assert self.cache.entries.counts() == counts

    @invariant()
    def nothing_that_changed_is_forgotten(self) -> None:
        due = set(self.cache.entries.dirty(100))
        assert due >= self.due & self.customers.keys()
        assert due <= self.customers.keys()


TestCacheModel = CacheModel.TestCase
TestCacheModel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
