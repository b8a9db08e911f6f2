"""Where each screen lives. Imported when it is first shown: what is not looked at costs no start-up time."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from screens.place import Place


def _lazily(module: str, name: str) -> Callable[[], type[Place]]:
    def load() -> type[Place]:
        found: type[Place] = getattr(import_module(f"screens.{module}"), name)
        return found

    return load


PLACES: dict[str, Callable[[], type[Place]]] = {
    "home": _lazily("home", "Home"),
    "wizard": _lazily("wizard", "Wizard"),
    "dashboard": _lazily("dashboard", "Dashboard"),
    "accounts": _lazily("accounts", "Accounts"),
    "account": _lazily("account", "Account"),
    "problems": _lazily("problems", "Problems"),
    "rules": _lazily("rules", "Rules"),
    "runs": _lazily("runs", "Runs"),
    "plan": _lazily("planned", "Planned"),
    "past": _lazily("past", "Past"),
    "import": _lazily("importing", "Importing"),
    "check": _lazily("checking", "Check"),
    "disconnect": _lazily("disconnect", "Disconnect"),
    "sign_in": _lazily("sign_in", "SignInAgain"),
    "health": _lazily("health", "Health"),
    "app_guide": _lazily("app_guide", "AppGuide"),
    "practice": _lazily("practice", "Practice"),
    "help": _lazily("help", "Help"),
}
