"""An org's lists of countries, states and currencies, out of Account's describe.

The state's list depends on the country's: bit N of a state's ``validFor`` stands for the N-th country, highest bit first
(https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from console.domain.picklists import Picklists
from console.salesforce.info import FieldInfo

COUNTRY_CODE, STATE_CODE, CURRENCY = "BillingCountryCode", "BillingStateCode", "CurrencyIsoCode"


def picklists(account: Mapping[str, FieldInfo]) -> Picklists | None:
    """What the org takes; None where it keeps no such list."""
    found = Picklists(_countries(account), _states(account), currencies(account))
    return found if found.countries or found.currencies else None


def currencies(account: Mapping[str, FieldInfo]) -> tuple[str, ...]:
    """Active currencies; none in an org with a single one."""
    info = account.get(CURRENCY)
    return tuple(choice.value for choice in info.choices if choice.active) if info else ()


def _countries(account: Mapping[str, FieldInfo]) -> dict[str, str]:
    info = account.get(COUNTRY_CODE)
    return {choice.value: choice.label for choice in info.choices if choice.active} if info else {}


def _states(account: Mapping[str, FieldInfo]) -> dict[str, dict[str, str]]:
    countries, states = account.get(COUNTRY_CODE), account.get(STATE_CODE)
    found: dict[str, dict[str, str]] = {}
    if countries is None or states is None:
        return found
    for choice in states.choices:
        if choice.active:
            for place in _bits(choice.valid_for):
                if place < len(countries.choices):
                    found.setdefault(countries.choices[place].value, {})[choice.value] = choice.label
    return found


def _bits(bitmap: str) -> list[int]:
    """Places of the bits that are set; none where it is no bitmap."""
    try:
        raw = base64.b64decode(bitmap, validate=True)
    except binascii.Error:
        return []
    return [place for place in range(len(raw) * 8) if raw[place // 8] & (0x80 >> place % 8)]
