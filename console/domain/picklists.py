"""What an org takes where it keeps lists: its countries, their states, its active currencies.

With state and country picklists an address is taken only if its country is in the org's list and its state in the list of
that country (https://help.salesforce.com/s/articleView?id=platform.admin_state_country_picklists_overview.htm); with several
currencies only an active one (https://help.salesforce.com/s/articleView?id=sf.admin_currency.htm).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from console.domain.countries import country_code, same_country, same_region
from console.domain.decisions import refusal
from console.domain.fields import CURRENCY, FIELD, SUBSCRIPTION_VALUE
from console.domain.normal import shown
from console.domain.plain import plain
from console.domain.records import Decision, Direction, Value, Values

COUNTRY: Final = "BillingCountry"
STATE: Final = "BillingState"
NAMED: Final = 8
"""How many values of a list a sentence names."""


@dataclass(frozen=True, slots=True)
class Picklists:
    """Lists by code with the label under which Salesforce shows and takes each; an empty list restricts nothing."""

    countries: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By the code of their country; a country that is not named has no states."""
    currencies: tuple[str, ...] = ()

    def country(self, text: Value) -> str | None:
        """The code of a country that is given by code or name, None where the list has no such country."""
        if not text:
            return None
        exact = _found(self.countries, text)
        if exact is not None:
            return exact
        code = country_code(text)
        if code in self.countries:
            return code
        return next((code for code, label in self.countries.items() if same_country(label, text)), None)

    def state(self, country: str | None, text: Value) -> str | None:
        """The code of a state of a country (by its code), None where the list has no such state."""
        if not text or country is None:
            return None
        named = self.states.get(country, {})
        exact = _found(named, text)
        if exact is not None:
            return exact
        return next((code for code, label in named.items() if same_region(label, text)), None)

    def named(self, country: str, state: str | None) -> dict[str, Value]:
        """Country and state of an address that is given by its codes; what the lists don't have is left out."""
        if country not in self.countries:
            return {}
        found: dict[str, Value] = {COUNTRY: self.countries[country]}
        states = self.states.get(country, {})
        if state is not None and state in states:
            found[STATE] = states[state]
        return found

    def coded(self, values: Values, country: Value = None) -> dict[str, str]:
        """The codes of those of an address's country and state that are among the values and in the lists, by field key.

        :param country: the country that the account holds, where none is among the values.
        """
        code = self.country(values.get(COUNTRY, country))
        state = self.state(code, values.get(STATE))
        found = {COUNTRY: code if COUNTRY in values else None, STATE: state}
        return {key: value for key, value in found.items() if value is not None}

    def spelled(self, values: Values) -> dict[str, Value]:
        """Country and state of an address as the org spells them, where its lists have them; else they are left out."""
        if not self.countries:
            return {}
        spelled: dict[str, Value] = {}
        country = self.country(values.get(COUNTRY))
        if country is not None:
            spelled[COUNTRY] = self.countries[country]
            state = self.state(country, values.get(STATE))
            if state is not None:
                spelled[STATE] = self.states[country][state]
        return spelled


def _found(named: Mapping[str, str], text: str) -> str | None:
    wanted = text.strip().casefold()
    for code, label in named.items():
        if wanted in (code.casefold(), label.casefold()):
            return code
    return None


def taken(decisions: Sequence[Decision], there: Values, lists: Picklists | None) -> list[Decision]:
    """The same decisions, but what the org's lists don't have is refused with a sentence that names what they have.

    :param there: what the account holds; empty for a new one.
    """
    if lists is None:
        return list(decisions)
    known = {decision.key: decision for decision in decisions}
    refused: dict[str, Decision] = {}
    if lists.currencies:
        _currency(known, there, lists, refused)
    if lists.countries:
        _address(known, there, lists, refused)
    return [refused.get(decision.key, decision) for decision in decisions]


def _currency(
    known: Mapping[str, Decision], there: Values, lists: Picklists, refused: dict[str, Decision]
) -> None:
    currency = _written(known, CURRENCY)
    if currency is None or currency.value is None or currency.value in lists.currencies:
        return
    said = (
        f"{FIELD[CURRENCY].label} {shown(currency.value)} is no active currency of this org, which takes"
        f" {_listed(lists.currencies)}: activate it in Setup, Manage Currencies."
    )
    refused[CURRENCY] = refusal(currency, said)
    amount = _written(known, SUBSCRIPTION_VALUE)
    if amount is not None and amount.value is not None:
        label = FIELD[SUBSCRIPTION_VALUE].label
        held = there.get(CURRENCY)
        instead = shown(held) if held else "the org's own currency"
        refused[SUBSCRIPTION_VALUE] = refusal(
            amount,
            f"{label} would stand in {instead} instead of {plain(currency.value, 3)}: see Account Currency.",
        )


def _address(
    known: Mapping[str, Decision], there: Values, lists: Picklists, refused: dict[str, Decision]
) -> None:
    country, state = _written(known, COUNTRY), _written(known, STATE)
    if country is not None and country.value is not None and lists.country(country.value) is None:
        said = (
            f"{FIELD[COUNTRY].label} {shown(country.value)} is not in this org's list of countries, such as"
            f" {_listed(sorted(lists.countries.values()))}: write it in Alguna as the list does."
        )
        refused[COUNTRY] = refusal(country, said)
        country = None
    if country is None and state is None:
        return
    held = country.value if country is not None else there.get(COUNTRY)
    code = lists.country(held)
    if state is not None and state.value is not None and lists.state(code, state.value) is None:
        refused[STATE] = refusal(state, _no_state(state.value, held, code, lists))
        state = None
    if country is None:
        return
    # A country can't be written over a state that it doesn't have: the org refuses both.
    left = state.value if state is not None else there.get(STATE)
    if left is not None and (code is None or lists.state(code, left) is None):
        refused[COUNTRY] = refusal(
            country,
            f"{FIELD[COUNTRY].label} {shown(held)} has no state {shown(left)}, which the account holds:"
            " clear or change the state first.",
        )


def _no_state(state: str, held: Value, code: str | None, lists: Picklists) -> str:
    label = FIELD[STATE].label
    if code is None:
        return (
            f"{label} {shown(state)} needs a country of this org's list, and the account has {shown(held)}."
        )
    has = lists.states.get(code)
    if not has:
        return f"{label} {shown(state)} can't be written: this org has no states for {shown(lists.countries[code])}."
    return (
        f"{label} {shown(state)} is not among this org's states of {shown(lists.countries[code])}, such as"
        f" {_listed(sorted(has.values()))}: write it in Alguna as the list does."
    )


def _written(known: Mapping[str, Decision], key: str) -> Decision | None:
    decision = known.get(key)
    return decision if decision is not None and decision.direction is Direction.TO_SALESFORCE else None


def _listed(values: Iterable[str]) -> str:
    """A few of the list, and how many more."""
    words = [plain(value, 40) for value in values]
    if len(words) <= NAMED:
        return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    return f"{', '.join(words[:NAMED])} and {len(words) - NAMED} more"
