"""What the wizard says: what a step still needs, and all choices at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from console.guide.environments import offers
from console.guide.seam import Draft, ImportChoice, SummaryLine, WizardStep

STILL_NEEDED: dict[WizardStep, str] = {
    "environment": "Choose where to connect.",
    "sign_in": "Sign in to Salesforce.",
    "alguna": "Give Alguna's API key.",
    "name": "Name the connection.",
    "source": "Choose whether Alguna creates new accounts in Salesforce.",
    "import": "Choose what happens to existing customers.",
    "setup": "Let the console set up the org.",
    "summary": "",
}
SIGN_IN_AGAIN = "in the sign-in step, or with L once it is saved"
SOURCE_WORDS: dict[bool | None, str] = {
    True: "Alguna creates new accounts in Salesforce (in that direction only).",
    False: "No account is created in Salesforce; accounts that exist there are linked.",
}
SHOWN_STEPS: dict[str, Literal["doing", "done", "left_out"]] = {
    "doing": "doing",
    "done": "done",
    "refused": "left_out",
}
IMPORT_WORDS: dict[ImportChoice | None, str] = {
    "none": "Left alone; can be imported at any later time.",
    "matching": "Those that match one Salesforce account are linked.",
    "all": "All: linked where an account matches, created where none does.",
}


def summary_lines(draft: Draft, artefacts: int, sign_in: str, first_writes: str) -> Sequence[SummaryLine]:
    """All choices of a draft.

    :param artefacts: how many things set-up made or found in the org.
    :param sign_in: what the session can't do; empty when it can do all that was chosen.
    :param first_writes: what the first writes will meet; empty for nothing.
    """
    signed_in = draft.signed_in
    environment = next((offer.title for offer in offers(True) if offer.key == draft.environment), "")
    return (
        SummaryLine("Environment", environment, "environment"),
        SummaryLine(
            "Salesforce",
            f"{signed_in.org_name} ({signed_in.org_id}) as {signed_in.username}" if signed_in else "",
            "sign_in",
        ),
        SummaryLine("Alguna", draft.alguna.url if draft.alguna else "", "alguna"),
        SummaryLine("Name", draft.name, "name"),
        SummaryLine("Secrets", draft.kept, "name"),
        SummaryLine("New customers", SOURCE_WORDS.get(draft.creates_accounts, ""), "source"),
        SummaryLine("Existing customers", IMPORT_WORDS.get(draft.import_choice, ""), "import"),
        SummaryLine(
            "Set-up",
            f"Done: {artefacts} parts in the org." if draft.setup_done else "Not done yet.",
            "setup",
        ),
        *((SummaryLine("Works as", sign_in, "sign_in"),) if sign_in else ()),
        *((SummaryLine("First writes", first_writes, "setup"),) if first_writes else ()),
    )
