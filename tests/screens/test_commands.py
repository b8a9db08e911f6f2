"""The table of commands is the only place where keys come from."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from pathlib import Path

import pytest
from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

import screens
from screens.availability import Standing
from screens.commands import COMMANDS, PLACES, at, bindings, key_table, moves
from screens.dialogs import Dialog, Report
from screens.help import help_rows
from screens.places import PLACES as SCREENS

ROOT = Path(screens.__file__).parent


def own_classes() -> list[type[DOMNode]]:
    """Every widget, screen and app class that this project defines."""
    found = []
    for info in pkgutil.walk_packages([str(ROOT)], "screens."):
        module = importlib.import_module(info.name)
        found += [
            value
            for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, DOMNode) and value.__module__ == module.__name__
        ]
    return found


def keys_of(bound: list[Binding]) -> set[tuple[str, str]]:
    return {(key, binding.action) for key, binding in BindingsMap(bound)}


def test_nothing_is_bound_outside_the_table() -> None:
    table = keys_of([command.binding for command in COMMANDS])
    classes = own_classes()
    assert len(classes) > 25
    for cls in classes:
        declared = BindingsMap(cls.__dict__.get("BINDINGS", []))
        assert {(key, binding.action) for key, binding in declared} <= table, cls


def test_no_key_means_two_things_on_one_screen() -> None:
    for place in PLACES:
        actions: dict[str, set[str]] = {}
        for command in at(place):
            for key in command.keys.split(","):
                actions.setdefault(key, set()).add(command.binding.action)
        assert {key: found for key, found in actions.items() if len(found) > 1} == {}, place


def test_every_command_is_answered_where_it_is_offered() -> None:
    for place in PLACES:
        cls = {"dialog": Dialog, "report": Report}.get(place) or SCREENS[place]()
        for command in at(place):
            if not command.action:
                assert callable(getattr(cls, f"do_{command.id}", None)), (place, command.id)


def test_ids_are_unique_and_every_command_says_what_it_does() -> None:
    assert [ident for ident, n in Counter(command.id for command in COMMANDS).items() if n > 1] == []
    for command in COMMANDS:
        assert command.help.endswith("."), command.id
        assert len(command.help) < 100
        assert command.places <= set(PLACES)


def test_a_screen_binds_what_the_table_says_for_its_place() -> None:
    for place, load in SCREENS.items():
        assert keys_of(list(load().BINDINGS)) == keys_of(bindings(place))  # type: ignore[arg-type]


def test_lists_answer_the_same_keys_everywhere() -> None:
    bound = {key for key, _ in keys_of(moves())}
    assert {"up", "k", "down", "j", "g", "G", "enter", "pageup", "pagedown"} <= bound


@pytest.mark.parametrize(
    ("ident", "standing", "answer"),
    [
        ("sync_now", Standing(), "The connection is still being opened."),
        (
            "sync_now",
            Standing(connected=True, read_only="Another console holds it."),
            "Another console holds it.",
        ),
        ("sync_now", Standing(connected=True), True),
        (
            "sync_one",
            Standing(connected=True),
            "It has no customer in Alguna, so there is nothing to sync it with.",
        ),
        ("sync_one", Standing(connected=True, customer=True), True),
        ("browse", Standing(), "There is no address to open: it is on neither side yet."),
        ("practise", Standing(), "Practising needs the rehearsal: start with  alguna-console rehearse."),
        ("back", Standing(place="home"), "This is the first screen. Press ctrl+q to quit."),
        (
            "disconnect",
            Standing(chosen=True, chosen_gone=True),
            "This connection was disconnected; its receipt tells how.",
        ),
        ("start", Standing(busy="It is under way."), "It is under way."),
    ],
)
def test_a_command_that_cannot_run_says_why(ident: str, standing: Standing, answer: bool | str) -> None:
    command = next(command for command in COMMANDS if command.id == ident)
    assert command.enabled(standing) == answer


def test_read_only_refuses_whatever_writes_to_an_open_connection() -> None:
    standing = Standing(
        place="dashboard", connected=True, read_only="Held by another console.", customer=True
    )
    for ident in ("sync_now", "pause", "sync_one"):
        command = next(command for command in COMMANDS if command.id == ident)
        assert command.dangerous
        assert command.enabled(standing) == "Held by another console."


def test_help_lists_every_command_of_a_place_with_its_keys() -> None:
    for place in PLACES:
        listed = {row[0].text for row in help_rows(place) if not isinstance(row, str)}
        for command in at(place):
            assert any(command.shown_key in text.split() or command.shown_key == text for text in listed)


def test_the_key_table_holds_every_command() -> None:
    table = key_table()
    for command in COMMANDS:
        assert command.help in table
    assert "`?`" in table


def test_the_app_inherits_no_keys() -> None:
    from screens.app import ConsoleApp

    assert ConsoleApp._inherit_bindings is False
    assert {key for key, _ in BindingsMap(ConsoleApp.BINDINGS)} == {"ctrl+q"}
    assert issubclass(ConsoleApp, App)
