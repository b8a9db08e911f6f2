"""Validation rules: made and changed through Tooling, looked at before each save.

https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_validationrule.htm
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError, field_integrity, required_missing, string_too_long
from console.rehearsal.salesforce.rules.formulas import Formula, FormulaError, compile_formula
from console.rehearsal.salesforce.rules.formulas.words import tokens
from console.rehearsal.salesforce.values import length_of, unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.rehearsal.salesforce.rules.formulas import Save
    from console.rehearsal.salesforce.schema import Schema, SObject
    from console.rehearsal.salesforce.store import Store

KEYS = (
    "active",
    "description",
    "errorConditionFormula",
    "errorDisplayField",
    "errorMessage",
    "shouldEvaluateOnClient",
    "urls",
)
MOST_MESSAGE = 255
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_BAD_NAME = (
    "The rule name can only contain underscores and alphanumeric characters. It must be unique, begin with a "
    "letter, not include spaces, not end with an underscore, and not contain two consecutive underscores."
)


@dataclass(frozen=True, slots=True)
class _Rule:
    formula: Formula
    message: str
    shown_at: str | None

    def error(self) -> ApiError:
        fields = [self.shown_at] if self.shown_at else []
        return ApiError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", self.message, fields)


class ValidationRules:
    """The rules of all objects; compiled when first needed, until `forget`."""

    def __init__(self, store: Store, schema: Schema) -> None:
        self._store = store
        self._schema = schema
        self._active: dict[str, list[_Rule]] | None = None

    def forget(self) -> None:
        """To be called when a rule or a field was written."""
        self._active = None

    def any_on(self, sobject: SObject) -> bool:
        return bool(self._rules().get(sobject.name))

    def check(self, sobject: SObject, save: Save) -> None:
        """Raises FIELD_CUSTOM_VALIDATION_EXCEPTION for every rule whose formula holds, in one error."""
        errors = [rule.error() for rule in self._rules().get(sobject.name, ()) if rule.formula.holds(save)]
        if errors:
            first, *others = errors
            first.others = others
            raise first

    def _rules(self) -> dict[str, list[_Rule]]:
        if self._active is None:
            self._active = {}
            sql = (
                'SELECT "EntityDefinitionId", "Metadata" FROM "ValidationRule" WHERE "Active" = 1 ORDER BY _n'
            )
            for name, text in self._store.find(sql):
                metadata = json.loads(text)
                sobject = self._schema.objects[name]
                rule = _Rule(
                    compile_formula(metadata["errorConditionFormula"], self._schema, sobject),
                    metadata["errorMessage"],
                    _shown_at(sobject, metadata),
                )
                self._active.setdefault(name, []).append(rule)
        return self._active

    # -- around writes of ValidationRule

    def before_insert(self, row: dict[str, Any], values: Mapping[str, Any]) -> None:
        """Checks `FullName` and `Metadata`, and fills the columns that follow from them."""
        full_name = row["FullName"]
        if full_name is None:
            return  # the check of required fields names it
        owner, _, name = full_name.partition(".")
        sobject = self._schema.get(owner)
        if sobject is None or sobject.setup:
            message = f"Entity Enumeration Or ID: bad value for restricted picklist field: {owner}"
            raise field_integrity(message, ["TableEnumOrId"])
        if not _NAME.fullmatch(name):
            raise field_integrity(_BAD_NAME, ["ValidationName"])
        if len(name) > 40:
            raise string_too_long("Rule Name", name, 40, "ValidationName")
        full_name = f"{sobject.name}.{name}"
        taken = 'SELECT 1 FROM "ValidationRule" WHERE "FullName" = ?'
        if self._store.find(taken, (full_name,)):
            message = f"There is already a validation rule named {name} on {sobject.label}."
            raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, [])
        row.update(
            self._columns(sobject, values),
            FullName=full_name,
            EntityDefinitionId=sobject.name,
            ValidationName=name,
            ManageableState="unmanaged",
        )

    def before_update(self, old: Mapping[str, Any], given: dict[str, Any], values: Mapping[str, Any]) -> None:
        if given.get("FullName", old["FullName"]) != old["FullName"]:
            raise field_integrity("Cannot rename a validation rule through this call", ["FullName"])
        if "Metadata" in given:
            given.update(self._columns(self._schema.objects[old["EntityDefinitionId"]], values))

    def _columns(self, sobject: SObject, values: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that follow from metadata; raises for a formula that cannot be used."""
        metadata = next((value for name, value in values.items() if name.lower() == "metadata"), None)
        if metadata is None:
            raise required_missing(["Metadata"])
        if not isinstance(metadata, dict):
            raise unreadable("complexvalue", metadata)
        unknown = [name for name in metadata if name not in KEYS]
        if unknown:
            message = f'Unrecognized field "{unknown[0]}" for type ValidationRule at [line:1, column:2]'
            raise ApiError(400, "JSON_PARSER_ERROR", message)
        texts = {name: metadata.get(name) for name in ("errorConditionFormula", "errorMessage")}
        missing = [name for name, value in texts.items() if not isinstance(value, str) or not value.strip()]
        if missing:
            raise required_missing(missing)
        message = str(texts["errorMessage"])
        if length_of(message) > MOST_MESSAGE:
            raise string_too_long("Error Message", message, MOST_MESSAGE, "ErrorMessage")
        active = metadata.get("active", False)
        if not isinstance(active, bool):
            raise unreadable("boolean", active)
        try:
            compile_formula(str(texts["errorConditionFormula"]), self._schema, sobject)
        except FormulaError as wrong:
            raise field_integrity(f"Error: {wrong}", ["ValidationFormula"]) from None
        whole = {name: metadata.get(name) for name in KEYS} | {"active": active}
        return {
            "Metadata": json.dumps(whole, ensure_ascii=False),
            "Active": int(active),
            "Description": metadata.get("description"),
            "ErrorMessage": message,
            "ErrorDisplayField": _shown_at(sobject, metadata),
        }

    def mentions(self, sobject: str, field: str) -> str | None:
        """The name of a rule whose formula uses a field of an object, if one does."""
        for name, owner, text in self._store.find(
            'SELECT "ValidationName", "EntityDefinitionId", "Metadata" FROM "ValidationRule"'
        ):
            words = [
                each.text.lower()
                for each in tokens(json.loads(text)["errorConditionFormula"])
                if each.kind == "name"
            ]
            own = owner == sobject and field.lower() in words
            if own or any(word.endswith(f".{field.lower()}") for word in words):
                return str(name)
        return None

    def switch(self, rule_id: str, metadata: dict[str, Any], *, active: bool) -> None:
        """Turns a rule on or off, as its page in Setup does."""
        text = json.dumps({**metadata, "active": active}, ensure_ascii=False)
        self._store.connection.execute(
            'UPDATE "ValidationRule" SET "Active" = ?, "Metadata" = ? WHERE "Id" = ?',
            (int(active), text, rule_id),
        )
        self.forget()


def _shown_at(sobject: SObject, metadata: Mapping[str, Any]) -> str | None:
    """The field at which the message stands; None: at the top of the page."""
    named = metadata.get("errorDisplayField")
    if named is None:
        return None
    field = sobject.get(named) if isinstance(named, str) else None
    if field is None:
        raise field_integrity(f"Error: Field {named} does not exist. Check spelling.", ["ErrorDisplayField"])
    return field.name
