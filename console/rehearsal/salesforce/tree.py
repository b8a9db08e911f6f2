"""Trees: new records with their children in one call.

See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobject_tree.htm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError, malformed
from console.rehearsal.salesforce.routing import Call, Reply, Route
from console.rehearsal.salesforce.store import RollBack

if TYPE_CHECKING:
    from console.rehearsal.salesforce.org import Org


class Tree:
    """`/composite/tree/X`: up to 200 new records with their children, all or none of them."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def routes(self) -> list[Route]:
        """The path of trees."""
        return [Route("composite/tree/{sobject}", POST=self.create)]

    def create(self, call: Call) -> Reply:
        body = call.json_object()
        sobject = self._org.canonical(call.caller, call.params["sobject"])
        made: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        try:
            with self._org.transaction():
                self._plant(call, sobject, body, {}, made, errors)
                if errors:
                    raise RollBack
        except RollBack:
            return Reply(201 if not errors else 400, {"hasErrors": True, "results": errors})
        return Reply(201, {"hasErrors": False, "results": made})

    def _plant(
        self,
        call: Call,
        sobject: str,
        branch: dict[str, Any],
        parent: dict[str, str],
        made: list[dict[str, Any]],
        errors: list[dict[str, Any]],
    ) -> None:
        records = branch.get("records")
        if not isinstance(records, list) or not records:
            raise malformed("records must be a list of records")
        children = {
            str(child["relationshipName"]).lower(): (child["childSObject"], child["field"])
            for child in self._org.describe(call.caller, sobject, version=call.version)["childRelationships"]
            if child["relationshipName"]
        }
        for record in records:
            attributes = record.get("attributes") if isinstance(record, dict) else None
            if not isinstance(attributes, dict) or not isinstance(attributes.get("referenceId"), str):
                raise malformed("Each record of a tree needs attributes with a type and a referenceId")
            if len(made) + len(errors) >= 200:
                raise ApiError(400, "LIMIT_EXCEEDED", "A tree can't contain more than 200 records.")
            branches = {name: value for name, value in record.items() if isinstance(value, dict)}
            branches.pop("attributes")
            values = {name: value for name, value in record.items() if not isinstance(value, dict)}
            try:
                record_id = self._org.insert(call.caller, sobject, {**values, **parent})
            except ApiError as error:
                errors.append({"referenceId": attributes["referenceId"], "errors": error.items()})
                continue
            made.append({"referenceId": attributes["referenceId"], "id": record_id})
            for name, below in branches.items():
                if name.lower() not in children:
                    raise ApiError(400, "INVALID_FIELD", f"No such relation '{name}' on entity '{sobject}'.")
                child, field = children[name.lower()]
                self._plant(call, child, below, {field: record_id}, made, errors)
