"""What an org enforces each time that a business record is saved, in Salesforce's order.

Locks, flows before the save and triggers, then (after the checks of the system) validation rules and duplicate rules,
and flows after the save: https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_triggers_order_of_execution.htm
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.features.switches import Features
from console.rehearsal.salesforce.rules.automation import Automation
from console.rehearsal.salesforce.rules.duplicates import ACTIONS, Duplicates
from console.rehearsal.salesforce.rules.formulas import Save
from console.rehearsal.salesforce.rules.locks import Locks
from console.rehearsal.salesforce.rules.seed import BROKEN_FLOW
from console.rehearsal.salesforce.rules.validation import ValidationRules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from console.rehearsal.salesforce.access import AccessBook, Caller
    from console.rehearsal.salesforce.schema import Field, Schema, SObject
    from console.rehearsal.salesforce.store import Store

_LISTED = (
    ("DuplicateRule", "DeveloperName", "SobjectType", '"IsActive"'),
    ("ValidationRule", "ValidationName", "EntityDefinitionId", '"Active"'),
    ("FlowDefinitionView", "ApiName", "TriggerObjectOrEventId", '"IsActive"'),
    ("ApexTrigger", "Name", "TableEnumOrId", "\"Status\" = 'Active'"),
)


class SaveRules:
    """Called around every save of a business record that is not seeding."""

    def __init__(
        self, store: Store, schema: Schema, access: AccessBook, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._schema = schema
        self._access = access
        self._clock = clock
        self.features = Features(store, schema)
        self.locks = Locks()
        self.validation = ValidationRules(store, schema)
        self.duplicates = Duplicates(store)
        self.automation = Automation(store)

    def forget(self) -> None:
        """To be called when something that was set up has changed."""
        self.validation.forget()
        self.duplicates.forget()
        self.automation.forget()

    def lock(self, caller: Caller, sobject: SObject, *rows: Mapping[str, Any]) -> None:
        """Takes the locks of a write: on the record and on the account that it hangs on."""
        if not self.locks.held or caller.system or sobject.setup:
            return
        wanted = [row.get(name) for row in rows for name in ("Id", "AccountId")]
        may = self._access.of(caller).permissions["ModifyAllData"]
        self.locks.check(wanted, may_edit_locked=may)

    def before_checks(
        self, caller: Caller, sobject: SObject, old: Mapping[str, Any] | None, row: dict[str, Any]
    ) -> None:
        """What features complete, and automation that may change the row."""
        if not (caller.system or sobject.setup):
            self.features.settle(sobject, old, row)
            self.automation.before_save(sobject, old, row)

    def after_checks(
        self, caller: Caller, sobject: SObject, old: Mapping[str, Any] | None, row: Mapping[str, Any]
    ) -> None:
        """Validation rules, then duplicate rules."""
        if caller.system or sobject.setup:
            return
        if self.validation.any_on(sobject):
            self.validation.check(sobject, self._save(caller, old, row))
        self.duplicates.check(caller, sobject, old, row)

    def after_save(self, caller: Caller, sobject: SObject, row: Mapping[str, Any]) -> None:
        """Automation that works with the saved row."""
        if not (caller.system or sobject.setup):
            self.automation.after_save(sobject, row)

    def _save(self, caller: Caller, old: Mapping[str, Any] | None, row: Mapping[str, Any]) -> Save:
        user = self._store.row(self._schema.objects["User"], caller.user_id) or {}
        profile = self._store.row(self._schema.objects["Profile"], user.get("ProfileId", ""))
        name = "" if profile is None else str(profile["Name"])
        return Save(row, old, user, name, self._clock(), self._parent)

    def _parent(self, reference: Field, record_id: Any) -> Mapping[str, Any] | None:
        return self._store.row(self._schema.objects[reference.reference_to], record_id)

    # -- the control address

    def listed(self) -> list[dict[str, Any]]:
        """Every rule and automation: kind, name, object, whether it is active, and what else can be set."""
        found: list[dict[str, Any]] = []
        for kind, name, sobject, active in _LISTED:
            sql = f'SELECT "{name}", "{sobject}", {active} FROM "{kind}" ORDER BY _n'  # noqa: S608
            for label, about, on in self._store.find(sql):
                entry = {"kind": kind, "name": label, "object": about, "active": bool(on)}
                if kind == "DuplicateRule":
                    entry["action"] = self.duplicates.action(about)
                if label == BROKEN_FLOW:
                    entry["share"] = self.automation.share()
                found.append(entry)
        return found

    def switch(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Switches a rule or an automation; its entry. LookupError for an unknown name, ValueError for a wrong value."""
        entry = next((each for each in self.listed() if each["name"] == name), None)
        if entry is None:
            names = ", ".join(each["name"] for each in self.listed())
            raise LookupError(f"there is no rule {name!r}; there are {names}")
        able = [each for each in ("active", "action", "share") if each in entry]
        if not values or any(each not in able for each in values):
            raise ValueError(f"of {name} one can set {', '.join(able)}")
        active, action, share = (values.get(each, entry.get(each)) for each in ("active", "action", "share"))
        if not isinstance(active, bool):
            raise ValueError("active must be true or false")
        if "action" in able and action not in ACTIONS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
        if "share" in able and (
            isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1
        ):
            raise ValueError("share must be a number from 0 to 1")
        with self._store.transaction():
            self._set_active(entry["kind"], name, active=active)
            if "action" in able:
                self.duplicates.set_action(entry["object"], str(action))
            if "share" in able:
                self.automation.set_share(float(share))
        self.forget()
        return next(each for each in self.listed() if each["name"] == name)

    def _set_active(self, kind: str, name: str, *, active: bool) -> None:
        execute = self._store.connection.execute
        match kind:
            case "DuplicateRule":
                execute(
                    'UPDATE "DuplicateRule" SET "IsActive" = ? WHERE "DeveloperName" = ?', (int(active), name)
                )
            case "ValidationRule":
                rows = self._store.find(
                    'SELECT "Id", "Metadata" FROM "ValidationRule" WHERE "ValidationName" = ?', (name,)
                )
                for rule_id, metadata in rows:
                    self.validation.switch(rule_id, json.loads(metadata), active=active)
            case "FlowDefinitionView":
                execute(
                    'UPDATE "FlowDefinitionView" SET "IsActive" = ?1,'
                    ' "ActiveVersionId" = CASE WHEN ?1 THEN "LatestVersionId" END WHERE "ApiName" = ?2',
                    (int(active), name),
                )
            case "ApexTrigger":
                status = "Active" if active else "Inactive"
                execute('UPDATE "ApexTrigger" SET "Status" = ? WHERE "Name" = ?', (status, name))
