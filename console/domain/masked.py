"""E-mail addresses that a sandbox masks: they never go to Alguna, and are not written over by themselves.

When a sandbox is made or refreshed Salesforce appends ``.invalid`` to the addresses of its users, so that nobody gets mail from it
(https://help.salesforce.com/s/articleView?id=platform.data_sandbox_users_and_contacts.htm&type=5); scripts that run after the copy
do the same to contacts. No address under ``.invalid`` exists (https://www.rfc-editor.org/rfc/rfc2606), so such a value is nobody's
edit: the customer would lose their address by it, and real addresses in a sandbox are what the mask is there to prevent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from console.domain.fields import CONTACT_EMAIL, FIELD
from console.domain.normal import same, shown
from console.domain.records import Answer, Customer, Decision, Direction, Value, Values

MASK: Final = ".invalid"


def is_masked(email: Value) -> bool:
    """Whether an address is one that nobody can have."""
    return email is not None and email.strip().lower().endswith(MASK)


def unmasked(email: str) -> str:
    """The address behind the mask; any other as it is."""
    bare = email.strip()
    while is_masked(bare):
        bare = bare[: -len(MASK)]
    return bare


def lifted(values: Values) -> Values:
    """The same values with the contact's address unmasked: who it is about, not what is written."""
    email = values.get(CONTACT_EMAIL)
    return {**values, CONTACT_EMAIL: unmasked(email)} if email is not None and is_masked(email) else values


def keep_out(
    decisions: Sequence[Decision],
    customer: Customer,
    alguna: Values,
    salesforce: Values,
    answers: Mapping[str, Answer],
) -> list[Decision]:
    """The same decisions, but a masked address of the contact in Salesforce stays where it is, and out of Alguna.

    A person may have Alguna's written over it; nobody can have it written to Alguna. Where Alguna has no contact yet, none is made
    from one without an address.
    """
    theirs = salesforce.get(CONTACT_EMAIL)
    if not is_masked(theirs):
        return list(decisions)
    bare = customer.contact_id is None and alguna.get(CONTACT_EMAIL) is None
    kept: list[Decision] = []
    for decision in decisions:
        inward = decision.direction is Direction.TO_ALGUNA
        if decision.key == CONTACT_EMAIL and decision.differs:
            answer = answers.get(CONTACT_EMAIL)
            chosen = answer is not None and answer.side == "alguna" and not inward
            kept.append(decision if chosen else _stays(alguna, theirs or ""))
        elif inward and bare and FIELD[decision.key].entity == "Contact":
            reason = f"Salesforce's address of this contact is masked ({MASK}): no contact is made in Alguna without one."
            kept.append(Decision(decision.key, reason, differs=True))
        else:
            kept.append(decision)
    return kept


def _stays(alguna: Values, theirs: str) -> Decision:
    ours = alguna.get(CONTACT_EMAIL)
    if ours is not None and same(FIELD[CONTACT_EMAIL].kind, unmasked(ours), unmasked(theirs)):
        reason = f"Salesforce has the same address, masked as sandboxes do it ({MASK}): it is left as it is."
    else:
        reason = (
            f"Salesforce has {shown(theirs)}, masked as sandboxes do it: it is never written to Alguna, and "
            f"{shown(ours)} is written over it only if a person keeps Alguna's."
        )
    return Decision(CONTACT_EMAIL, reason, differs=True)
