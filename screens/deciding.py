"""What a person decides about one account: asked first, with what will be planned then; kept by the engine."""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.contact_duplicates import ContactCandidate
from console.domain.loops import PINS
from console.domain.plain import plain
from console.domain.records import Candidate, Direction, Side
from console.domain.verdicts import (
    AskAgain,
    CreateContact,
    CreateNew,
    Keep,
    LeaveAlone,
    LinkContact,
    LinkWith,
    Pin,
    PinField,
    Unlink,
    Verdict,
)
from console.errors import ConsoleError
from console.guide.seam import AccountDetail, FieldRow, SubscriptionLine
from screens.pick import Pick
from screens.place import Place
from screens.tasks import in_thread

SHOWN_CHANGES = 6
"""Planned changes that fit into a question."""


class Deciding(Place, place="account"):
    """The commands by which a person answers what the sync asks about the account on screen."""

    detail: AccountDetail | None = None

    # --- what is under the cursors

    def candidate(self) -> Candidate | ContactCandidate | None:
        """The highlighted account, or contact of the linked account, that may be the customer's."""
        raise NotImplementedError

    def field(self) -> FieldRow | None:
        """The highlighted field."""
        raise NotImplementedError

    def subscription(self) -> SubscriptionLine | None:
        """The highlighted subscription; None while their panel is not the one in use."""
        raise NotImplementedError

    def show_subscriptions(self) -> None:
        """Go to the panel of the subscriptions."""
        raise NotImplementedError

    # --- commands

    def do_link(self) -> None:
        chosen = self.candidate()
        assert chosen is not None
        if isinstance(chosen, ContactCandidate):
            contact = f"{plain(chosen.name, 80)} ({plain(chosen.contact_id, 20)})"
            lines = [
                f"{contact} in Salesforce is the contact of {self._who()}, and kept in step from then on."
            ]
            self._decide(LinkContact(chosen.contact_id), "Link with this contact?", lines, "Link")
            return
        account = f"{plain(chosen.name, 80)} ({plain(chosen.account_id, 20)})"
        self._decide(
            LinkWith(chosen.account_id),
            "Link with this account?",
            (
                f"{self._who()} in Alguna and {account} in Salesforce are linked, and kept in step from then on.",
            ),
            "Link",
        )

    def do_create_account(self) -> None:
        lines = [f"None of the accounts is {self._who()}: it gets a new one."]
        self._decide(CreateNew(), "Create a new account?", lines, "Create")

    def do_create_contact(self) -> None:
        lines = [
            f"None of the contacts is the one of {self._who()}: it gets a new one, although the org's duplicate rule alerts."
        ]
        self._decide(CreateContact(), "Create a new contact?", lines, "Create")

    def do_leave_alone(self) -> None:
        lines = [
            f"Nothing is done about {self._who()}, and nothing is asked, until its name, website, e-mail domain"
            " or aliases, or the accounts like it, change.",
            "t takes that back.",
        ]
        self._decide(LeaveAlone(), "Leave it alone?", lines, "Leave alone", planned=False)

    def do_ask_again(self) -> None:
        lines = [] if self.detail is None else [plain(text, 300) for text in self.detail.decided]
        self._decide(AskAgain(), "Take this back?", lines, "Take back")

    def do_unlink(self) -> None:
        assert self.detail is not None
        lines = [
            f"{self._who()} in Alguna and account {plain(str(self.detail.account_id), 20)} in Salesforce go separate ways.",
            "Nothing is written to either. What both agreed on is forgotten, and the two are not linked again by themselves.",
        ]
        if self.detail.stopped:
            lines.append("The customer is left alone then: no new account is created for it.")
        self._decide(Unlink(), "Unlink?", lines, "Unlink", planned=False)

    def do_keep_alguna(self) -> None:
        self._keep("alguna")

    def do_keep_salesforce(self) -> None:
        self._keep("salesforce")

    def _keep(self, side: Side) -> None:
        row = self.field()
        assert row is not None
        kept, name = (row.alguna, "Alguna") if side == "alguna" else (row.salesforce, "Salesforce")
        value = plain(kept.value, 200) if kept.value else "empty"
        lines = [f"{plain(row.label, 60)}: {name} has {value}. It holds until one of the two values moves."]
        self._decide(Keep(row.key, side), f"Keep {name}'s value?", lines, "Keep", only=row.key)

    def do_pin_loop(self) -> None:
        row = self.field()
        assert row is not None
        self.begin(self._pin_loop(row), "pin a field")

    async def _pin_loop(self, row: FieldRow) -> None:
        said = [f"{plain(row.label, 60)} of {self._who()}:", *(plain(turn, 300) for turn in row.turns)]
        chosen = await self.console.choose(
            Pick("How does it go on?", said, {str(how): words for how, words in PINS.items()})
        )
        for how, words in PINS.items():
            if chosen == how:
                lines = [f"{plain(row.label, 60)}: {words}. t takes that back."]
                await self._ask(PinField(row.key, how), "Pin this field?", lines, "Pin", True, row.key)

    def do_pin(self) -> None:
        chosen = self.subscription()
        if chosen is None:
            self.show_subscriptions()
        elif chosen.shown:
            self.console.tell("This one is shown already.")
        else:
            lines = [
                f"The account shows {plain(chosen.name, 80)} ({plain(chosen.status, 40)}), whatever the rule says."
            ]
            self._decide(Pin(chosen.id), "Show this subscription?", lines, "Show")

    def do_unpin(self) -> None:
        self._decide(Pin(None), "Let the rule choose again?", (), "Let the rule choose")

    def do_retry(self) -> None:
        assert self.connection is not None
        assert self.detail is not None
        try:
            self.connection.retry(self.detail.customer_id)
        except ConsoleError as error:
            self.console.failed(error)
        else:
            self.console.tell("What was refused is tried again.")

    # --- asking and keeping

    def _who(self) -> str:
        assert self.detail is not None
        return f"{plain(self.detail.name, 80)} ({plain(str(self.detail.customer_id), 20)})"

    def _decide(
        self,
        verdict: Verdict,
        title: str,
        lines: Sequence[str],
        yes: str,
        *,
        planned: bool = True,
        only: str = "",
    ) -> None:
        self.begin(self._ask(verdict, title, lines, yes, planned, only), "decide")

    async def _ask(
        self, verdict: Verdict, title: str, lines: Sequence[str], yes: str, planned: bool, only: str
    ) -> None:
        assert self.connection is not None
        assert self.detail is not None
        customer_id = str(self.detail.customer_id)
        try:
            outlook = await in_thread(self.connection.outlook, customer_id, verdict)
            said = [*lines, *(outlook_lines(outlook, only) if planned else ())]
            facts = self.live.facts if self.live is not None else None
            production = facts is not None and facts.production
            if not await self.console.ask(title, said, yes, dangerous=production):
                return
            await in_thread(self.connection.decide, customer_id, verdict)
        except ConsoleError as error:
            self.console.failed(error)
        else:
            self.console.tell("Decided. The next pass acts on it; S does so now.")


def outlook_lines(outlook: AccountDetail, only: str = "") -> list[str]:
    """What will be planned, in a few lines; `only` the field of this key."""
    moving = [row for row in outlook.fields if row.direction is not None and only in ("", row.key)]
    lines = [] if only else [f"Then: {plain(outlook.why[0], 300)}" if outlook.why else ""]
    for row in moving[:SHOWN_CHANGES]:
        value = row.alguna if row.direction is Direction.TO_SALESFORCE else row.salesforce
        side = "Salesforce" if row.direction is Direction.TO_SALESFORCE else "Alguna"
        lines.append(
            f"{plain(row.label, 40)}: {side} gets {plain(value.value, 60) if value.value else 'emptied'}"
        )
    if len(moving) > SHOWN_CHANGES:
        lines.append(f"and {len(moving) - SHOWN_CHANGES} fields more")
    if not moving and only:
        lines.append("Nothing is written: it may differ from now on.")
    return [line for line in lines if line]
