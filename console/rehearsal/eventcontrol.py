"""What the control address does to change events, and the edits of records that only a user interface can make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.rehearsal import edits
from console.rehearsal.salesforce import ids
from console.rehearsal.salesforce.pubsub.log import replay_id
from console.rehearsal.salesforce.schema import SObject
from console.rehearsal.stage import Stage

Json = dict[str, Any]
GAPS = ("CREATE", "UPDATE", "DELETE", "UNDELETE", "OVERFLOW")
_MOST_LOSERS = 2
_VERSION = "62.0"
_LEAST = {
    "delay_ms": 0,
    "copies": 1,
    "keep_alive_ms": 20,
    "max_bytes": 200,
    "overflow_changes": 1,
    "entity_limit": 0,
}


# -- the event bus


def show(stage: Stage) -> Json:
    """What is selected and retained, the newest event's replay id, who listens, and how events are delivered."""
    bus, newest = stage.events, stage.org.events.newest()
    return {
        "endpoint": stage.addresses["pubsub"],
        "channels": stage.org.channels.as_dict(),
        "retained": stage.org.events.count(),
        "newest": None if newest is None else replay_id(newest).hex(),
        "streams": [
            {"topic": stream.topic.name, "user": _username(stage, stream.caller.user_id), "owed": stream.owed}
            for stream in bus.streams
        ],
        "options": options(stage),
    }


def options(stage: Stage) -> Json:
    """Every switch with its present value."""
    delivery, org = stage.events.delivery, stage.org
    return {
        "delay_ms": delivery.delay_ms,
        "held": delivery.held,
        "copies": delivery.copies,
        "keep_alive_ms": round(delivery.keep_alive_s * 1000),
        "max_bytes": org.events.max_bytes,
        "overflow_changes": org.capture.overflow,
        "entity_limit": org.channels.most_entities,
    }


def set_options(stage: Stage, values: Mapping[str, Any]) -> Json:
    """Set switches by name. Raises ValueError, and changes nothing, on an unknown name or a wrong value."""
    for name, value in values.items():
        if name != "held" and name not in _LEAST:
            raise ValueError(f"there is no option {name!r}; there are held, {', '.join(_LEAST)}")
        if name == "held":
            if not isinstance(value, bool):
                raise ValueError("held must be true or false")
        elif isinstance(value, bool) or not isinstance(value, int) or value < _LEAST[name]:
            raise ValueError(f"{name} must be a whole number of at least {_LEAST[name]}")
    delivery, org = stage.events.delivery, stage.org
    chosen = {**options(stage), **values}
    delivery.delay_ms, delivery.held, delivery.copies = chosen["delay_ms"], chosen["held"], chosen["copies"]
    delivery.keep_alive_s = chosen["keep_alive_ms"] / 1000
    org.events.max_bytes = chosen["max_bytes"]
    org.capture.overflow = chosen["overflow_changes"]
    org.channels.most_entities = chosen["entity_limit"]
    stage.events.stir()
    return options(stage)


def gap(stage: Stage, body: Json) -> Json:
    """A gap or overflow event: the bus says that something changed, and not what."""
    name, kind, wanted = body.get("object"), body.get("change"), body.get("ids", [])
    if set(body) - {"object", "change", "ids", "as"} or kind not in GAPS or not isinstance(name, str):
        raise ValueError(
            'say {"object": "Account", "change": "UPDATE", "ids": [...]}; change is one of ' + ", ".join(GAPS)
        )
    sobject = stage.org.sobject(name)
    record_ids = [ids.EMPTY_ID] if kind == "OVERFLOW" else _record_ids(sobject, wanted)
    header = stage.org.capture.gap(
        sobject.name, f"GAP_{kind}", record_ids, edits.person(stage, body.get("as"))
    )
    stage.events.stir()
    told = "overflow" if kind == "OVERFLOW" else f"gap for {len(record_ids)} id(s)"
    return {"sentence": f"The org sent a {told} of {sobject.name}, without any field.", "header": header}


def _record_ids(sobject: SObject, wanted: Any) -> list[str]:
    if not isinstance(wanted, list) or not wanted or not all(isinstance(each, str) for each in wanted):
        raise ValueError(
            f"name the records: a list of ids, or {sobject.key_prefix}* for an unknown number of them"
        )
    found = []
    for each in wanted:
        normal = each if each == f"{sobject.key_prefix}*" else ids.normalise(each)
        if normal is None or ids.prefix(normal) != sobject.key_prefix:
            raise ValueError(f"{each} is no id of {sobject.name}")
        found.append(normal)
    return found


def cut(stage: Stage, body: Json) -> Json:
    """End all streams; with `for_ms` the service stays away that long."""
    away = body.get("for_ms", 0)
    if set(body) - {"for_ms"} or isinstance(away, bool) or not isinstance(away, int) or away < 0:
        raise ValueError('say {"for_ms": 2000}, or nothing for a cut alone')
    count = stage.events.cut(away / 1000)
    back = f"The service is away for {away / 1000:g} s." if away else "The service is there again at once."
    return {"streams": count, "sentence": f"{count} stream(s) were cut. {back}"}


def expire(stage: Stage, body: Json) -> Json:
    """Let the 72 hours pass for all events on the bus: positions kept by subscribers are no longer valid."""
    gone = stage.org.events.expire()
    return {
        "expired": gone,
        "sentence": f"{gone} event(s) left the bus; whoever returns to an earlier position is refused.",
    }


# -- records


def merge(stage: Stage, sobject: str, winner: str, body: Json) -> Json:
    """One record takes over what hangs on at most two others, which go to the recycle bin."""
    losers, fields = body.get("losers"), body.get("fields", {})
    if (
        set(body) - {"losers", "fields", "as"}
        or not isinstance(losers, list)
        or not all(isinstance(each, str) for each in losers)
        or not 1 <= len(losers) <= _MOST_LOSERS
    ):
        raise ValueError(
            'say {"losers": [one or two ids]}, what the winner takes with "fields", who with "as"'
        )
    if not isinstance(fields, dict):
        raise ValueError("fields must be an object")
    caller = edits.person(stage, body.get("as"))
    stage.org.merge(caller, sobject, winner, *losers, values=fields)
    return edits.salesforce_record(stage, sobject, winner, _VERSION)


def undelete(stage: Stage, sobject: str, record_id: str, body: Json) -> Json:
    """Take a record out of the recycle bin, with what went there together."""
    if set(body) - {"as"}:
        raise ValueError('say who with "as": username, or nothing')
    stage.org.undelete(edits.person(stage, body.get("as")), sobject, record_id)
    return edits.salesforce_record(stage, sobject, record_id, _VERSION)


def _username(stage: Stage, user_id: str) -> str | None:
    user = stage.org.directory.user(user_id)
    return None if user is None else str(user["Username"])


def _on_bus(work: Callable[[Stage, Json], Json]) -> Callable[..., Json]:
    return lambda stage, parts, body, request: work(stage, body)


ROUTES: dict[tuple[str, str], Callable[[Stage, Sequence[str], Json, Any], Json]] = {
    ("GET", "salesforce/events"): lambda stage, parts, body, request: show(stage),
    ("GET", "salesforce/events/options"): lambda stage, parts, body, request: options(stage),
    ("POST", "salesforce/events/options"): _on_bus(set_options),
    ("POST", "salesforce/events/gap"): _on_bus(gap),
    ("POST", "salesforce/events/cut"): _on_bus(cut),
    ("POST", "salesforce/events/expire"): _on_bus(expire),
    ("POST", "salesforce/records/*/*/merge"): lambda stage, parts, body, request: merge(
        stage, parts[2], parts[3], body
    ),
    ("POST", "salesforce/records/*/*/undelete"): lambda stage, parts, body, request: undelete(
        stage, parts[2], parts[3], body
    ),
}
