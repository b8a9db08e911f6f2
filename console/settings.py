"""One settings file per connection: everything that is chosen, nothing that is secret."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from console.domain.fields import Flow
from console.domain.records import Rule
from console.errors import StoreError, UsageError
from console.net import is_loopback
from console.paths import home, private

API_VERSION = "62.0"
ALGUNA_CEILING = 100
"""Requests a second that Alguna allows a key (https://alguna.com/docs/quickstarts/developers)."""
LONGEST_NAME = 60
# Windows opens these as devices, whatever the folder.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """A connection as its administrator set it up: one Alguna account and one Salesforce org.

    A plain dataclass with checks of its own, because the first screen needs it, and loading pydantic for that would take a fifth of
    the time until it is painted.

    :raises ValueError: something is not of its kind; the text names it and never holds what was found.
    """

    name: str
    environment: Literal["rehearsal", "sandbox", "production", "my_domain"] = "sandbox"
    login_url: str = ""
    """Where a person signs in to Salesforce: login, test, or the org's own domain."""
    instance_url: str = ""
    """Where the org's API answers; comes with each sign-in and may change."""
    client_id: str = ""
    org_id: str = ""
    """The 18-character id of the org that this connection is pinned to."""
    org_name: str = ""
    is_sandbox: bool | None = None
    username: str = ""
    user_id: str = ""
    sign_in: Literal["browser", "cli", "key", "token"] = "browser"
    """How sessions come: from the browser, from the Salesforce CLI, with a server's key (JWT bearer), or once, as a token."""
    cli_alias: str = ""
    """The org's alias or user name in the Salesforce CLI."""
    jwt_file: str = ""
    """Where the private key of JWT bearer is; it is read there and never copied."""
    alguna_url: str = ""
    alguna_app_url: str = ""
    source_of_truth: Literal["alguna", "salesforce"] = "alguna"
    """``alguna``: new Alguna customers become Salesforce accounts."""
    import_choice: Literal["none", "matching", "all"] = "none"
    """What happens to customers that existed before the connection."""
    connected_at: str = ""
    """The instant of the connection, ``2026-01-02T03:04:05Z``: later customers are in scope whatever was imported."""
    disconnected_at: str = ""
    api_version: str = API_VERSION
    rules: dict[str, Rule] = field(default_factory=dict)
    """Field rules that differ from the field table's own, by field key."""
    directions: dict[str, Flow] = field(default_factory=dict)
    """Ways that fields go, where they differ from the field table's own, by field key."""
    customer_url: str = "{app}/customers/{id}"
    subscription_url: str = "{app}/subscriptions/{id}"
    pubsub_endpoint: str = ""
    """``host:port`` of the Pub/Sub API, for change events; empty: the org is polled."""
    interval_seconds: float = 60.0
    alguna_rate: float = 90.0
    """Requests a second that we allow ourselves: at most 100, Alguna's own limit, unless it is a practice account here."""
    permission_set: str = "Alguna_Sync"
    bulk_from: int = 20_000
    """Rows of one kind from which on a job of the Bulk API writes them instead of collections; 0: never."""
    api_share: float = 0.5
    """Of the org's API calls a day, the most that the console uses: half, so that what else is connected has as much."""
    api_floor: int = 1_000
    """Calls of the org's day that are left for others in any case: a person's session and another nightly job need some hundred."""

    brake_share: float = 0.2
    """Of the linked accounts, the most that one pass may change before a person is asked; 1: as many as it likes."""
    brake_least: int = 50
    """Whatever the share comes to, one pass may always change so many."""
    brake_creates: int = 100
    """The most accounts that one pass may create for customers whose import nobody chose; 0: as many as it likes."""
    brake_drop: float = 0.2
    """Of the records that a side listed, the most that may be missing all at once before a person is asked; 1: all of them."""

    def __post_init__(self) -> None:
        for name, kind in _kinds().items():
            if not _is_a(getattr(self, name), kind):
                raise ValueError(f'"{name}" is not of its kind')
        if not re.fullmatch(r"[0-9]{2,3}\.0", self.api_version):
            raise ValueError('"api_version" is not like 62.0')
        if not 1.0 <= self.interval_seconds <= 86_400.0:
            raise ValueError('"interval_seconds" is not between a second and a day')
        if not 0 < self.api_share <= 1:
            raise ValueError('"api_share" is not above 0 and at most 1')
        if self.bulk_from < 0:
            raise ValueError('"bulk_from" is below 0')
        for name in ("brake_share", "brake_drop"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f'"{name}" is not above 0 and at most 1')
        for name in ("brake_least", "brake_creates"):
            if getattr(self, name) < 0:
                raise ValueError(f'"{name}" is below 0')
        if self.api_floor < 0:
            raise ValueError('"api_floor" is below 0')
        highest = math.inf if is_loopback(self.alguna_url) else ALGUNA_CEILING
        if not 0 < self.alguna_rate <= highest:
            raise ValueError(f'"alguna_rate" is not above 0 and at most {highest}')

    @classmethod
    def from_json(cls, text: str) -> ConnectionSettings:
        """Settings as `to_json` wrote them.

        :raises ValueError: it is no JSON, not what belongs there, or holds something that is no setting.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict) or "name" not in data:
            raise ValueError("it holds no settings")
        known = {each.name for each in fields(cls)}
        if not known >= data.keys():
            raise ValueError("it holds something that is no setting")
        rules = data.get("rules")
        if isinstance(rules, dict) and all(rule in list(Rule) for rule in rules.values()):
            data["rules"] = {key: Rule(rule) for key, rule in rules.items()}
        directions = data.get("directions")
        if isinstance(directions, dict) and all(flow in list(Flow) for flow in directions.values()):
            data["directions"] = {key: Flow(flow) for key, flow in directions.items()}
        return cls(**data)

    def to_json(self) -> str:
        """All settings as JSON, in their order."""
        return json.dumps(asdict(self), indent=2)

    @property
    def is_practice(self) -> bool:
        """True when both ends are on this computer, so that the credentials are worthless elsewhere."""
        org = [address for address in (self.login_url, self.instance_url) if address]
        return bool(org) and all(is_loopback(address) for address in (*org, self.alguna_url))

    @property
    def is_production(self) -> bool:
        """True when people and billing rely on the org."""
        return self.environment != "rehearsal" and not self.is_sandbox


@cache
def _kinds() -> dict[str, Any]:
    return get_type_hints(ConnectionSettings)


def _is_a(value: object, kind: Any) -> bool:
    """Whether a value is of a kind that settings are declared with."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return isinstance(value, str) and value in parts
    if origin is UnionType:
        return any(_is_a(value, part) for part in parts)
    if origin is dict:
        key, content = parts
        return isinstance(value, dict) and all(_is_a(k, key) and _is_a(v, content) for k, v in value.items())
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)


class Connections:
    """The connections on this computer: a folder each, with its settings and its cache."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = (home() if root is None else root) / "connections"

    @property
    def root(self) -> Path:
        """The folder of all connections; it need not exist yet."""
        return self._root

    def names(self) -> list[str]:
        """All connections that have settings, in alphabetical order."""
        if not self._root.is_dir():
            return []
        found = [_folded(path.name) for path in self._root.iterdir() if (path / "settings.json").is_file()]
        return sorted(found, key=str.casefold)

    def exists(self, name: str) -> bool:
        """True when a connection of this name (in any case) has settings."""
        return self._known(checked_name(name)) is not None

    def load(self, name: str) -> ConnectionSettings:
        """Read a connection's settings.

        :raises UsageError: there is no such connection, or the name is none.
        :raises StoreError: the file cannot be read or is not what we wrote.
        """
        known = self._known(checked_name(name))
        if known is None:
            others = self.names()
            advice = f"There are: {', '.join(others)}." if others else "Make one with: connect NAME."
            raise UsageError(f"There is no connection named {checked_name(name)!r}.", advice)
        path = self.folder(known) / "settings.json"
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(
                f"The settings of {known!r} cannot be read ({_reason(error)}).", f"Look at {path}."
            ) from None
        try:
            return ConnectionSettings.from_json(text)
        except ValueError as error:
            problem = str(error)
        raise StoreError(
            f"The settings of {known!r} are damaged: {problem}.",
            f"Mend {path}, or remove it and connect again.",
        )

    def save(self, settings: ConnectionSettings) -> None:
        """Write the settings whole or not at all.

        :raises UsageError: the name cannot be used, or differs only in case from another connection's.
        :raises StoreError: the file cannot be written.
        """
        name = checked_name(settings.name)
        known = self._known(name)
        if known is not None and known != name:
            raise UsageError(f"There is already a connection named {known!r}.", "Choose another name.")
        path = self.folder(name) / "settings.json"
        try:
            private(path.parent)
            write_private(path, settings.to_json() + "\n")
        except OSError as error:
            with suppress(OSError):
                path.parent.rmdir()  # an empty folder would look like a connection that lost its settings
            raise StoreError(
                f"The settings of {name!r} cannot be written ({_reason(error)}).",
                f"Look at the room and the rights of {path.parent}.",
            ) from None

    def folder(self, name: str) -> Path:
        """The connection's own folder; it need not exist yet."""
        return self._root / checked_name(name)

    def cache_path(self, name: str) -> Path:
        """Where the connection's cache belongs."""
        return self.folder(name) / "cache.db"

    def remove(self, name: str) -> None:
        """Delete the connection's folder with everything in it. Secrets are forgotten apart from this.

        :raises UsageError: the name cannot be used.
        :raises StoreError: something in the folder cannot be deleted.
        """
        folder = self.folder(name)
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as error:
            raise StoreError(
                f"The files of {name!r} cannot be deleted ({_reason(error)}).",
                f"Close other consoles, then delete {folder}.",
            ) from None

    def forget(self, name: str) -> None:
        """Delete the settings only: cache, history and receipts stay. Again is no error.

        :raises UsageError: the name cannot be used.
        :raises StoreError: the file cannot be deleted.
        """
        path = self.folder(name) / "settings.json"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"The settings of {name!r} cannot be deleted ({_reason(error)}).", f"Delete {path}."
            ) from None

    def _known(self, name: str) -> str | None:
        return next((other for other in self.names() if other.casefold() == name.casefold()), None)


def checked_name(name: str) -> str:
    """The name, fit to be a folder on every operating system.

    :raises UsageError: it is empty, too long, or holds a sign that a folder's name cannot.
    """
    text = _folded(name.strip())
    advice = "Use letters, digits, blanks, dots, dashes and underscores, beginning with a letter or digit."
    if not text:
        raise UsageError("The connection has no name.", advice)
    if len(text) > LONGEST_NAME:
        raise UsageError(f"The connection's name is longer than {LONGEST_NAME} characters.", advice)
    if not all(character.isalnum() or character in " ._-" for character in text) or not text[0].isalnum():
        raise UsageError("The connection's name holds a sign that cannot be used.", advice)
    if text.endswith(".") or text.split(".")[0].strip().casefold() in RESERVED:
        raise UsageError(f"{text!r} cannot be a connection's name on every computer.", advice)
    return text


def write_private(path: Path, text: str | Iterable[str]) -> None:
    """Replace a file at once, readable by its owner only (0600); a crash leaves the old or the new one.

    Where a link stands the file that it leads to is replaced; a pipe or a device is written to and stays what it is.

    :param text: as a whole, or in pieces that are written as they come.
    :raises OSError: as the operating system says.
    """
    pieces = [text] if isinstance(text, str) else text
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        return
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not text"
    return (error.strerror or type(error).__name__).lower()
