"""Makes what the README shows from the console itself: its pictures and its table of keys.

    python docs/make_pictures.py        pictures, and the key table in README.md
    python docs/make_pictures.py keys   the key table only

The pictures are taken on a rehearsal, with the real engine between two real servers.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from console.domain.records import State  # noqa: E402
from console.guide.connection import OpenConnection  # noqa: E402
from console.guide.desk import ConsoleDesk  # noqa: E402
from console.practice import Practice  # noqa: E402
from console.rehearsal.server import Rehearsal  # noqa: E402
from console.secrets import Secrets  # noqa: E402
from console.settings import Connections  # noqa: E402
from console.sync.events import RunFinished  # noqa: E402
from screens.app import ConsoleApp  # noqa: E402
from screens.commands import key_table  # noqa: E402
from tests.person import Person  # noqa: E402

MARKS = ("<!-- keys -->", "<!-- /keys -->")
SIZE = (120, 36)
SHOWN = "Walmart"


def write_keys(readme: Path) -> None:
    """Replace the key table between the marks with the one that the screens have now."""
    before, rest = readme.read_text(encoding="utf-8").split(MARKS[0])
    _, after = rest.split(MARKS[1])
    readme.write_text(f"{before}{MARKS[0]}\n{key_table()}{MARKS[1]}{after}", encoding="utf-8")


async def take_pictures(folder: Path) -> None:
    """Connect on a rehearsal, sync, change something on both sides, and photograph."""
    with tempfile.TemporaryDirectory() as home, Rehearsal() as rehearsal:
        secrets = Secrets(Connections(Path(home)), find_keyring=lambda: None)
        practice = Practice(rehearsal.handout)
        desk = ConsoleDesk(Path(home), practice=practice, secrets=secrets, browser=Person(rehearsal.handout))
        name = connect(desk, rehearsal.handout["alguna"]["api_key"])
        app = ConsoleApp(desk)
        async with app.run_test(size=SIZE) as pilot:

            async def until(condition: Callable[[], object]) -> None:
                deadline = time.monotonic() + 180
                while not condition():
                    if time.monotonic() > deadline:
                        raise TimeoutError("the picture's moment never came")
                    await pilot.pause(0.05)
                await pilot.pause(0.5)

            connection = desk.open(name)
            passes: list[RunFinished] = []
            connection.subscribe(
                lambda event: passes.append(event) if isinstance(event, RunFinished) else None
            )
            await until(lambda: passes)
            await pilot.press("enter")
            await until(lambda: "Last changes" in text_of(app))
            app.save_screenshot("dashboard.svg", str(folder))
            move_apart(practice, connection)
            connection.sync_now()
            await until(lambda: len(passes) > 1)
            await pilot.press("2")
            await until(lambda: "Subscription" in text_of(app))
            await pilot.press("slash", *SHOWN)
            await until(lambda: "1 account" in text_of(app))
            await pilot.press("enter", "enter")
            await until(lambda: "Last agreed" in text_of(app))
            app.save_screenshot("account.svg", str(folder))
        desk.close()


def connect(desk: ConsoleDesk, key: str) -> str:
    """Through the wizard, everything imported."""
    wizard = desk.wizard()
    wizard.choose_environment("rehearsal")
    signing_in = wizard.sign_in()
    signing_in.begin()
    signing_in.wait(threading.Event())
    wizard.check_alguna(key)
    wizard.set_name("rehearsal")
    wizard.set_source_of_truth(True)
    wizard.set_import("all")
    wizard.plan_setup()
    wizard.apply_setup(lambda item: None, threading.Event())
    return wizard.finish()


def move_apart(practice: Practice, connection: OpenConnection) -> None:
    """Somebody edits one customer in Alguna while its row in Salesforce is locked: the change waits, and can be looked at."""
    grid = connection.grid()
    grid.arrange("name", text=SHOWN, state=State.IN_SYNC)
    customer = grid.page(0, 1)[0].customer_id
    grid.close()
    known = practice.control("GET", f"/alguna/customers/{customer}")
    address = {**known["billing_address"], "line1": "1 New Harbour Way", "postal_code": "72719"}
    practice.control("PATCH", f"/alguna/customers/{customer}", {"billing_address": address})
    practice.control(
        "POST", "/salesforce/faults", {"error": "UNABLE_TO_LOCK_ROW", "rows": True, "share": 1.0}
    )


def text_of(app: ConsoleApp) -> str:
    """What stands on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


if __name__ == "__main__":
    if sys.argv[1:] != ["keys"]:
        asyncio.run(take_pictures(ROOT / "docs"))
    write_keys(ROOT / "README.md")
