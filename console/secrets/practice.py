"""Practice credentials in a plain file that only its owner can read: they are worth nothing on any other computer."""

from __future__ import annotations

import json
from pathlib import Path

from console.errors import StoreError
from console.paths import private
from console.secrets.kinds import Kind, known
from console.settings import write_private

FILE = "practice-credentials.json"


class PracticeFile:
    """The file of one practice connection.

    :param folder: the connection's own folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self) -> dict[Kind, str]:
        """What it holds; nothing when it is not there.

        :raises StoreError: it is damaged or can't be read.
        """
        try:
            held = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            held = None
        if not isinstance(held, dict):
            raise StoreError(
                f"The practice credentials {self.path} cannot be read.",
                "Delete the connection's folder and connect again.",
            )
        return known(held)

    def write(self, values: dict[Kind, str]) -> None:
        """Replace all of it; the file goes with its last secret.

        :raises StoreError: the file cannot be written.
        """
        try:
            if values:
                private(self.path.parent)
                write_private(self.path, json.dumps(values))
            else:
                self.path.unlink(missing_ok=True)
        except OSError:
            raise StoreError(
                f"The practice credentials {self.path} cannot be written.",
                f"Look at the room and the rights of {self.path.parent}.",
            ) from None
