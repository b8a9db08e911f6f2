"""The switches of the Alguna account: one for each thing that Alguna's public reference leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Options:
    """Every switch with its default. Change them with `update`, which checks what it is given."""

    version_header: str = "400"
    """A call without `Alguna-Version`: refused with 400 or 401, or answered in the shape of the undated API ("v1")."""
    path_prefix: str = ""
    """"/beta" where the account answers below that path, as two pages of the reference print it."""
    page_limit: int = 100
    """The largest page; 0: no limit."""
    page_limit_over: str = "cap"
    """A larger `limit` is cut down ("cap") or refused ("422")."""
    listed: int = 100
    """Per cent of all records that lists show, as with a key that sees fewer than it did."""
    sort_required: bool = True
    sort_updated_at: bool = True
    """Whether `sort=updated_at:...` is accepted."""
    extended_fields: bool = True
    """Whether customers carry website, legal_entity and contacts[].title, which the reference does not list."""
    unknown_fields: str = "ignore"
    """Body fields that the reference does not list: "ignore" or "422"."""
    create_status: int = 201
    duplicate_alias: str = "422"
    """An alias that another customer has: "422" or "accept"."""
    key_rights: str = "full"
    """What the key may do: "full", "read" (writes get 403), "none" (all get 403), "revoked" (all get 401)."""
    rate_limit: int = 100
    """Requests a second, 0: no limit. 100 is the documented standard rate."""
    events_limit: int = 1000
    """Usage events a second, 0: no limit."""
    retry_after: int = 0
    """Seconds in `Retry-After` of a 429; 0: the header is not sent."""
    latency_ms: int = 0
    write_ms: int = 0
    """How long a write takes between taking its idempotency key and its effect."""
    id_style: str = "plain"
    """New customer ids: 8 plain characters ("plain") or `cust_...` ("prefixed")."""
    microseconds: bool = False
    """Date-times with six digits of fraction instead of whole seconds."""
    money_decimals: bool = True
    """Whole amounts as "700.00", or without decimals as "700"."""
    status_words: dict[str, str] = field(default_factory=dict)
    """Subscription status words to print instead, such as {"active": "live"}."""
    integrations: str = "404"
    """`/integrations/...`: "404", or "shapes" for what the external-sync guide describes."""
    webhook_headers: str = "svix"
    """Names of the delivery headers: "svix" or "webhook"."""
    webhook_keys: str = "snake_case"
    """Keys of webhook payloads: "snake_case" or "camelCase"."""
    webhook_copies: int = 1
    """How often each webhook is delivered (at least once is all that a sender promises)."""
    webhook_order: str = "kept"
    """"kept", or "reversed": the deliveries of one request come last first."""
    webhook_delay_ms: int = 0

    def update(self, values: Mapping[str, Any]) -> None:
        """Set switches by name. Raises ValueError, and changes nothing, on an unknown name or a value of the wrong kind."""
        known = {f.name for f in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no option {name!r}")
            self._check(name, value)
        for name, value in values.items():
            setattr(self, name, dict(value) if isinstance(value, dict) else value)

    def _check(self, name: str, value: Any) -> None:
        default = getattr(Options(), name)
        if type(value) is not type(default):
            raise ValueError(f"{name} must be {_KIND[type(default)]}")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(map(str, _CHOICES[name]))}")
        if isinstance(value, int) and value < 0:
            raise ValueError(f"{name} must not be negative")
        if name == "listed" and value > 100:
            raise ValueError("listed must be at most 100")
        if isinstance(value, dict) and not all(
            isinstance(k, str) and isinstance(v, str) for k, v in value.items()
        ):
            raise ValueError(f"{name} must hold text only")

    def as_dict(self) -> dict[str, Any]:
        """Every switch with its present value."""
        return asdict(self)


_KIND: dict[type, str] = {bool: "true or false", int: "a whole number", str: "text", dict: "an object"}
_CHOICES: dict[str, tuple[Any, ...]] = {
    "version_header": ("400", "401", "v1"),
    "path_prefix": ("", "/beta"),
    "page_limit_over": ("cap", "422"),
    "unknown_fields": ("ignore", "422"),
    "create_status": (201, 200),
    "duplicate_alias": ("422", "accept"),
    "key_rights": ("full", "read", "none", "revoked"),
    "id_style": ("plain", "prefixed"),
    "integrations": ("404", "shapes"),
    "webhook_headers": ("svix", "webhook"),
    "webhook_keys": ("snake_case", "camelCase"),
    "webhook_order": ("kept", "reversed"),
    "webhook_copies": (1, 2, 3),
}
