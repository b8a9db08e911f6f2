"""What the person who connected the two systems chose, and what the Salesforce user may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from console.domain.fields import FieldSpec, Flow
from console.domain.records import Customer, Rule, Value

if TYPE_CHECKING:
    from console.domain.picklists import Picklists

ImportChoice = Literal["none", "matching", "all"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that planning depends on besides the records themselves."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    """Field key -> rule; a field that isn't named has its default."""
    flows: Mapping[str, Flow] = field(default_factory=dict)
    """Field key -> the ways its values may go; a field that isn't named goes the ways of the field table."""
    create_accounts: bool = True
    """Alguna is the source of new accounts."""
    import_choice: ImportChoice = "none"
    """What happens to customers that existed before the connection."""
    connected_at: str = ""
    """Instant of the connection. Empty: every customer counts as existing."""
    imported: frozenset[str] = frozenset()
    """Ids of existing customers whose import was asked for one by one."""
    readable: frozenset[str] | None = None
    """Field keys that the signed-in user may read in Salesforce; None means all."""
    writable: frozenset[str] | None = None
    """Field keys that the signed-in user may edit in Salesforce; None means all."""
    creates: frozenset[str] | None = None
    """Objects of which the signed-in user may create records; None means all."""
    edits: frozenset[str] | None = None
    """Objects whose records the signed-in user may edit; None means all."""
    picklists: Picklists | None = None
    """What the org takes where it keeps lists of countries, states or currencies."""
    app_url: str = "https://app.alguna.io"
    customer_url: str = "{app}/customers/{id}"
    """Pattern of the customer link; Alguna's API has none. Empty: the link is unknown."""
    subscription_url: str = "{app}/subscriptions/{id}"

    def rule(self, spec: FieldSpec) -> Rule:
        """The rule in force for a field."""
        return self.rules.get(spec.key, spec.default_rule)

    def flow(self, spec: FieldSpec) -> Flow:
        """The ways in which a field's values may go."""
        return self.flows.get(spec.key, spec.direction)

    def may_read(self, key: str) -> bool:
        """Whether the signed-in user sees the field in Salesforce."""
        return self.readable is None or key in self.readable

    def may_write(self, key: str) -> bool:
        """Whether the signed-in user may edit the field in Salesforce."""
        return self.writable is None or key in self.writable

    def may_create(self, entity: str) -> bool:
        """Whether the signed-in user may create records of an object."""
        return self.creates is None or entity in self.creates

    def may_edit(self, entity: str) -> bool:
        """Whether the signed-in user may edit records of an object."""
        return self.edits is None or entity in self.edits

    def is_new(self, customer: Customer) -> bool:
        """Whether the customer was created after the connection: existing ones are a matter of import."""
        return bool(self.connected_at) and customer.created_at >= self.connected_at

    def customer_link(self, customer_id: str) -> Value:
        """Address of the customer in Alguna's app, or None without a pattern."""
        return _address(self.customer_url, self.app_url, customer_id)

    def subscription_link(self, subscription_id: str) -> Value:
        """Address of the subscription in Alguna's app, or None without a pattern."""
        return _address(self.subscription_url, self.app_url, subscription_id)


def _address(pattern: str, app: str, record_id: str) -> Value:
    if not pattern:
        return None
    return pattern.replace("{app}", app.rstrip("/")).replace("{id}", quote(record_id, safe=""))
