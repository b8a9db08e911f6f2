"""The control address's part about signing in: apps, policies, people's accounts, and what is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from console.rehearsal.salesforce.signing_in.policies import SWITCHES
from console.rehearsal.stage import Stage

Json = dict[str, Any]


def _show_policies(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    policies = stage.access.policies
    return {name: {"value": value, "what": SWITCHES[name].what} for name, value in policies.as_dict().items()}


def _set_policies(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    stage.access.policies.update(body)
    return stage.access.policies.as_dict()


def _reset_policies(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    stage.access.policies.update({name: switch.default for name, switch in SWITCHES.items()})
    return stage.access.policies.as_dict()


def _show_apps(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return {"apps": [stage.access.app_as_dict(app) for app in stage.access.apps.all()]}


def _show_app(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.access.app_as_dict(stage.access.app(parts[2]))


def _set_up_app(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.access.app_as_dict(stage.access.set_up_app(parts[2], body))


def _user_state(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    return stage.access.user_state(parts[2], body)


def _expire(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    stage.access.expire_sessions()
    return {"expired": True}


def _revoke(stage: Stage, parts: list[str], body: Json, request: Request) -> Json:
    """Everything without a body; else the approvals and sessions of a user, of an app, or of both together."""
    if not set(body) <= {"user", "app"} or not all(isinstance(value, str) for value in body.values()):
        raise ValueError(
            'say {"user": username}, {"app": client id or "practice"}, both, or nothing for everything'
        )
    if body:
        return {"revoked": stage.access.revoke_for(body.get("user"), body.get("app"))}
    stage.access.revoke_everything()
    return {"revoked": True}


ROUTES: dict[tuple[str, str], Callable[[Stage, list[str], Json, Request], Any]] = {
    ("GET", "salesforce/sign-in"): _show_policies,
    ("POST", "salesforce/sign-in"): _set_policies,
    ("DELETE", "salesforce/sign-in"): _reset_policies,
    ("GET", "salesforce/apps"): _show_apps,
    ("GET", "salesforce/apps/*"): _show_app,
    ("POST", "salesforce/apps/*"): _set_up_app,
    ("POST", "salesforce/users/*/login"): _user_state,
    ("POST", "salesforce/sessions/expire"): _expire,
    ("POST", "salesforce/sessions/revoke"): _revoke,
}
