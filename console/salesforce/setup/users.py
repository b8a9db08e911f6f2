"""The integration user, named by e-mail or user name.

A user name is unique in all of Salesforce, an e-mail address is not even in one org:
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_user.htm.
"""

from __future__ import annotations

from console.domain.ids import to_18
from console.domain.plain import plain
from console.errors import UsageError
from console.salesforce.client import SalesforceClient
from console.salesforce.setup.model import Assignee
from console.salesforce.setup.rows import all_rows
from console.salesforce.soql import soql


def sign_in_note(named: Assignee, username: str, how: str) -> str:
    """Who has to sign in, where the permission set goes to another user than the connection's; empty where it does not.

    :param username: the connection's user.
    :param how: ``with  alguna-console sign-in NAME``.
    """
    if not username or named.username.casefold() == username.casefold():
        return ""
    return (
        f"{named.username} gets the permission set, and this connection is signed in as {plain(username, 80)}:"
        f" sign in as {named.username} {how}, and the sync works as that user."
    )


def find_user(client: SalesforceClient, name: str) -> Assignee:
    """The active user of this user name, or else of this e-mail address.

    :raises UsageError: there is none, there are several (all are named), or the one there is inactive.
    """
    name = name.strip()
    if not name:
        raise UsageError("No user is named.", "Give a user name or an e-mail address.")
    query = soql(
        "SELECT Id, Username, Email, IsActive FROM User WHERE Username = {} OR Email = {}", name, name
    )
    rows = all_rows(client, query)
    exact = [row for row in rows if str(row["Username"]).casefold() == name.casefold()]
    found = exact or [row for row in rows if row["IsActive"]] or rows
    if not found:
        raise UsageError(
            f"No user of this org has the user name or e-mail address {plain(name, 80)!r}.",
            "Look under Setup, Users; the user must be there before the set-up.",
        )
    if len(found) > 1:
        names = ", ".join(sorted(plain(row["Username"], 80) for row in found)[:10])
        raise UsageError(
            f"{len(found)} users have the e-mail address {plain(name, 80)}: {names}.",
            "Name one of them by user name.",
        )
    (row,) = found
    if not row["IsActive"]:
        raise UsageError(
            f"The user {plain(row['Username'], 80)} is inactive.",
            "Activate the user under Setup, Users, or name another.",
        )
    return Assignee(to_18(row["Id"]), plain(row["Username"], 80))
