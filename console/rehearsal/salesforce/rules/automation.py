"""The org's flows and its trigger: what they do with records while they are switched on.

https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_triggers_order_of_execution.htm
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError
from console.rehearsal.salesforce.rules.seed import BROKEN_FLOW, CITY_FLOW, TAX_FLOW, TRIGGER, WEBSITE_FLOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.schema import SObject
    from console.rehearsal.salesforce.store import Store


_TAX_RATE = "Alguna_Tax_Rate__c"
"""There only in an org that is set up."""


class Automation:
    """Runs what is active; which that is, is read once, until `forget`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._active: frozenset[str] | None = None

    def forget(self) -> None:
        """To be called when a flow or a trigger was switched."""
        self._active = None

    def _on(self, name: str) -> bool:
        if self._active is None:
            self._active = frozenset(
                row[0]
                for row in self._store.find(
                    'SELECT "ApiName" FROM "FlowDefinitionView" WHERE "IsActive" = 1'
                    ' UNION SELECT "Name" FROM "ApexTrigger" WHERE "Status" = \'Active\''
                )
            )
        return name in self._active

    def share(self) -> float:
        """The share of contacts that the broken flow fails for."""
        return float(self._store.recall("broken flow share", 1.0))

    def set_share(self, share: float) -> None:
        self._store.remember("broken flow share", share)

    def before_save(self, sobject: SObject, old: Mapping[str, Any] | None, row: dict[str, Any]) -> None:
        """Flows before the save, then triggers: they may change the row or refuse it."""
        if sobject.name != "Account":
            return
        if self._on(WEBSITE_FLOW) and row["Website"] is not None:
            row["Website"] = row["Website"].lower()
        if self._on(CITY_FLOW) and row["BillingCity"] is not None:
            row["BillingCity"] = row["BillingCity"].upper()
        if self._on(TAX_FLOW) and row.get(_TAX_RATE) is not None:
            row[_TAX_RATE] = _as_percent(row[_TAX_RATE])
        if self._on(TRIGGER):
            _trigger("BeforeInsert" if old is None else "BeforeUpdate", row)

    def after_save(self, sobject: SObject, row: Mapping[str, Any]) -> None:
        """Flows after the save; a failure takes the save back."""
        if sobject.name != "Contact" or not self._on(BROKEN_FLOW):
            return
        mark = zlib.crc32(f"{row['FirstName']}/{row['LastName']}/{row['Email']}".encode())
        if mark % 1000 < self.share() * 1000:
            label = BROKEN_FLOW.replace("_", " ")
            message = (
                f"We can't save this record because the “{label}” process failed. Give your Salesforce admin these "
                "details. This error occurred when the flow tried to update records: INVALID_CROSS_REFERENCE_KEY: "
                "Owner ID: owner cannot be blank. You can look up ExceptionCode values in the SOAP API Developer "
                f"Guide. Error ID: {mark % 10**9}-{mark % 99991} (-{mark % 10**8})"
            )
            raise ApiError(400, "CANNOT_EXECUTE_FLOW_TRIGGER", message, [])


def _as_percent(rate: str) -> str:
    """``0.20`` as ``20 %``; what is no number stays."""
    try:
        return f"{float(rate) * 100:g} %"
    except ValueError:
        return rate


def _trigger(moment: str, row: Mapping[str, Any]) -> None:
    """What the body of the trigger says: it forgets that a website can be missing."""
    website = row["Website"]
    if website is None:
        message = (
            f"{TRIGGER}: execution of {moment}\n\ncaused by: System.NullPointerException: Attempt to de-reference a "
            f"null object\n\nTrigger.{TRIGGER}: line 3, column 1"
        )
        raise ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])
    if " " in website:
        raise ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "A website has no blanks.", ["Website"])
