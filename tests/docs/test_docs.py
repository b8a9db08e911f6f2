"""What the documents say is what the project does."""

import re
import shlex
from pathlib import Path

import pytest

from console.cli import build_parser
from screens.commands import key_table

ROOT = Path(__file__).resolve().parents[2]


def test_the_key_table_of_the_readme_is_the_one_of_the_screens():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.split("<!-- keys -->")[1].split("<!-- /keys -->")[0]
    assert shown.strip() == key_table().strip(), "run: .venv/bin/python docs/make_pictures.py keys"


def test_every_link_and_picture_of_the_documents_is_there():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_map_names_parts_that_are_there():
    for document in ("README.md", "docs/architecture.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for part in ("domain", "store", "alguna", "salesforce", "sync", "guide", "rehearsal", "commands"):
            assert f"{part}/" in text
            assert (ROOT / "console" / part).is_dir()


def documented() -> list[str]:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `alguna-console ([a-z-]+)", text, re.MULTILINE)


def test_every_command_is_documented_and_every_documented_command_exists():
    commands = build_parser()._subparsers._group_actions[0].choices
    assert set(documented()) == set(commands)


@pytest.mark.parametrize("command", sorted(set(documented())))
def test_every_option_is_documented(command):
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    parser = build_parser()._subparsers._group_actions[0].choices[command]
    for action in parser._actions:
        for option in action.option_strings:
            assert option in ("-h", "--help") or f"{option}" in text, f"{command} {option}"


def test_the_makefile_has_the_targets_that_the_readme_names():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in re.findall(
        r"^    make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    ):
        assert f"\n{shlex.split(line)[0]}:" in makefile
