"""Accounts that were merged: the link follows to the account that survived, unless that one is somebody else's.

The losing account is deleted, and only its ``MasterRecordId`` tells that it was a merge
(https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_account.htm).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from console.domain.fields import FIELD
from console.domain.records import Account, Link
from console.store.cache import Cache

STEPS = 20
"""Merges in a row that are followed."""


def follow(cache: Cache, customer_ids: Collection[str], at: str) -> int:
    """Move the links of these customers whose account was merged; returns how many moved.

    What was agreed is kept: where the survivor holds another value, the merge changed it, as an edit would have; but a blank of
    the survivor's is nobody's edit, so there nothing counts as agreed. The contact stays the customer's when it moved along.
    A survivor that belongs to another customer, was chosen for one, or is where the accounts of several customers went, is left:
    whose it is then is for a person.
    """
    links = cache.links.many(customer_ids)
    accounts = cache.accounts.many(link.account_id for link in links.values())
    heirs = {
        customer_id: heir
        for customer_id, link in links.items()
        if (account := accounts.get(link.account_id)) is not None
        and account.deleted
        and (heir := survivor(cache, account)) is not None
    }
    wanted = Counter(heir.id for heir in heirs.values())
    moved: list[Link] = []
    for customer_id, heir in heirs.items():
        if wanted[heir.id] > 1 or cache.accounts.linked(heir.id) not in (None, customer_id):
            continue
        link = links[customer_id]
        contact = cache.contacts.get(link.contact_id) if link.contact_id else None
        moved.append(
            replace(
                link,
                account_id=heir.id,
                evidence=f"Account {link.account_id} was merged into this one in Salesforce. {link.evidence}".strip(),
                linked_at=at,
                base={key: value for key, value in link.base.items() if not _is_blank(heir, key)},
                contact_id=contact.id if contact is not None and contact.account_id == heir.id else None,
            )
        )
    if moved:
        cache.links.put(moved)
    return len(moved)


def _is_blank(account: Account, key: str) -> bool:
    return FIELD[key].entity == "Account" and account.values.get(key) is None


def survivor(cache: Cache, account: Account) -> Account | None:
    """The account that is left of a merge, or of several in a row; None when it isn't known or is deleted itself."""
    for _ in range(STEPS):
        if account.merged_into is None:
            return None if account.deleted else account
        heir = cache.accounts.get(account.merged_into)
        if heir is None:
            return None
        account = heir
    return None
