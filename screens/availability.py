"""Whether a command can run as things stand, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Answer = Literal[True] | str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a command may look at to know whether it can run."""

    place: str = ""
    connected: bool = False
    read_only: str = ""
    paused: bool = False
    chosen: bool = False
    """Something is highlighted that can be opened."""
    chosen_gone: bool = False
    chosen_damaged: bool = False
    """The highlighted connection was disconnected."""
    customer: bool = False
    """The account on screen has a customer in Alguna."""
    linked: bool = False
    """That customer is linked with an account."""
    stopped: bool = False
    """And that account is gone."""
    candidate: bool = False
    """An account, or a contact, that may be the customer's is highlighted."""
    contact_asked: bool = False
    """A duplicate rule of the org stands in the way of the customer's contact."""
    contact_creatable: bool = False
    """And only alerts."""
    revocable: bool = False
    """Something was decided that can be taken back."""
    keeps: tuple[str, ...] = ()
    """Sides whose value of the highlighted field may be kept."""
    waits: bool = False
    """The highlighted field waits for a person."""
    loops: bool = False
    """Something outside keeps rewriting the highlighted field."""
    subscriptions: int = 0
    pinned: bool = False
    refused: bool = False
    """Something that is shown was refused."""
    links: int = 0
    copyable: bool = False
    rehearsal: bool = False
    busy: str = ""
    """What is under way here that has to end first, one sentence; empty when nothing is."""
    drifted: bool = False
    """The org is not as set-up left it."""
    signed_out: bool = False
    """The last pass stopped because a session or key is not accepted any more."""
    marked: int | None = None
    """The run that another one is compared with."""
    earlier: bool = False
    """There is an earlier moment to look at."""
    later: bool = False
    braked: bool = False
    """A brake stops the sync."""
    planned: bool = False
    """There is a plan that can be kept and carried out."""
    blocked: str = ""
    """Why the main action of this place can't start, one sentence."""


def always(_: Standing) -> Answer:
    """Nothing stands in the way."""
    return True


def living_connection(s: Standing) -> Answer:
    """For a connection that is there and not disconnected."""
    if not s.chosen and not s.connected:
        return "There is no connection yet. Press n to make one."
    if s.chosen_damaged:
        return "Its settings are damaged. Press X to remove it from this computer."
    return "This connection was disconnected; its receipt tells how." if s.chosen_gone else True


def removable(s: Standing) -> Answer:
    """For a connection that was disconnected, or that can no longer be read."""
    if not s.chosen:
        return "There is no connection to remove."
    return s.chosen_gone or s.chosen_damaged or "It is still connected. Press D to disconnect it first."


def opens(s: Standing) -> Answer:
    """For something that can be opened."""
    if s.place == "home":
        return living_connection(s)
    return s.chosen or s.place == "dashboard" or "There is nothing to open here."


def connected(s: Standing) -> Answer:
    """Once the connection is open."""
    return s.connected or "The connection is still being opened."


def writes(s: Standing) -> Answer:
    """Where this console may write."""
    if not s.connected:
        return "The connection is still being opened."
    return s.read_only or True


def sync_one(s: Standing) -> Answer:
    """For one customer, where this console may write."""
    answer = writes(s)
    if answer is not True:
        return answer
    return s.customer or "It has no customer in Alguna, so there is nothing to sync it with."


def keep_rules(s: Standing) -> Answer:
    """Where this console may write and nothing is under way."""
    answer = writes(s)
    return idle(s) if answer is True else answer


def able(enabled: Callable[[Standing], Answer]) -> Callable[[Standing], bool]:
    """In the footer while it can run, and only then: what a person is asked here."""
    return lambda s: enabled(s) is True


def _and(answer: Answer, able: bool, otherwise: str) -> Answer:
    return (able or otherwise) if answer is True else answer


def of_a_customer(s: Standing) -> Answer:
    """For a customer, where this console may write."""
    return _and(writes(s), s.customer, "It has no customer in Alguna, so there is nothing to decide.")


def link(s: Standing) -> Answer:
    """With an account or a contact highlighted that may be linked."""
    return _and(
        of_a_customer(s), s.candidate, "There is no account or contact to choose: nothing is asked here."
    )


def unlinked(s: Standing) -> Answer:
    """For a customer without an account."""
    return _and(of_a_customer(s), not s.linked or s.stopped, "It is linked with an account. Unlink it first.")


def create_contact(s: Standing) -> Answer:
    """Where a rule that only alerts stands in the way of a contact."""
    able = _and(linked(s), s.contact_asked, "No duplicate rule stands in the way of its contact.")
    return _and(able, s.contact_creatable, "The org's duplicate rule refuses a new contact here.")


def asked(s: Standing) -> bool:
    """The customer waits for an answer."""
    return (able(link)(s) and not s.linked) or (s.stopped and able(of_a_customer)(s))


def linked(s: Standing) -> Answer:
    """For a customer that is linked."""
    return _and(of_a_customer(s), s.linked, "It is not linked with an account.")


def ask_again(s: Standing) -> Answer:
    """Where something was decided that can be taken back."""
    return _and(of_a_customer(s), s.revocable, "Nothing was decided that could be taken back.")


def keep(side: str) -> Callable[[Standing], Answer]:
    """With a field highlighted whose value on `side` may be kept."""

    def answer(s: Standing) -> Answer:
        able = linked(s)
        if able is not True or side in s.keeps:
            return able
        if s.keeps:
            return "Only Alguna fills this field, so its value is the one."
        return "There is nothing to choose between in this field."

    return answer


def pin(s: Standing) -> Answer:
    """For a linked customer with more than one subscription."""
    return _and(linked(s), s.subscriptions > 1, "There is no other subscription to show.")


def pin_loop(s: Standing) -> Answer:
    """With a field highlighted that keeps being rewritten."""
    return _and(linked(s), s.loops, "Nothing keeps rewriting this field.")


def unpin(s: Standing) -> Answer:
    """Where a person chose the subscription."""
    return _and(linked(s), s.pinned, "The rule chooses the subscription already.")


def retry(s: Standing) -> Answer:
    """Where something was refused."""
    return _and(writes(s), s.refused, "Nothing was refused here.")


def links(s: Standing) -> Answer:
    """With an address to open."""
    return s.links > 0 or "There is no address to open: it is on neither side yet."


def copy(s: Standing) -> Answer:
    """With something highlighted to copy."""
    return s.copyable or "There is nothing to copy here. ctrl+q quits."


def rehearsal(s: Standing) -> Answer:
    """On the rehearsal only."""
    return s.rehearsal or "Practising needs the rehearsal: start with  alguna-console rehearse."


def undo(s: Standing) -> Answer:
    """For a run that can be undone, where this console may write."""
    answer = writes(s)
    return _and(answer if s.busy == "" else s.busy, s.chosen, "There is no run to undo.")


def plannable(s: Standing) -> Answer:
    """Where a plan can be made now."""
    answer = writes(s)
    return s.busy or answer


def with_plan(s: Standing) -> Answer:
    """Once a plan was made, where this console may write."""
    return _and(plannable(s), s.planned, "There is no plan yet. Press v to look what the next pass would do.")


def release(s: Standing) -> Answer:
    """While a brake stops the sync."""
    return _and(writes(s), s.braked, "No brake stops this connection.")


def idle(s: Standing) -> Answer:
    """While nothing is under way here."""
    return s.busy or s.blocked or True


def back_home(s: Standing) -> Answer:
    """Anywhere but on the first screen."""
    return "This is the first screen. Press ctrl+q to quit." if s.place == "home" else True
