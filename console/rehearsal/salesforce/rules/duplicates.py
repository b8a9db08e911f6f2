"""The standard duplicate rules: which records look like one that is being saved, and what happens then.

The rules compare with the standard matching rules: names of companies without their legal forms, other texts in their
normal form, each with a measure of likeness. Salesforce's own algorithms are not public in full; what is found here is
what is alike by those measures. See https://help.salesforce.com/s/articleView?id=sales.matching_rules_standard_rules.htm
and https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm.
"""

# ruff: noqa: S608 - every name in the SQL comes from the schema

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from console.rehearsal.salesforce.access import Caller
    from console.rehearsal.salesforce.schema import SObject
    from console.rehearsal.salesforce.store import Store

MESSAGE = "Use one of these records?"
ACTIONS = ("allow", "block")
ALIKE = 0.85
MOST_MATCHES = 100
PRESENT = "62.0"
"""The version in which people at work in the org are told."""
LAST_MISSPELT = 56.0
"""Up to this version the reply's key is `duplicateResut`."""

_FORMS = frozenset(
    {
        "ag",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "inc",
        "incorporated",
        "kg",
        "limited",
        "llc",
        "llp",
        "ltd",
    }
    | {"nv", "oy", "plc", "pty", "sa", "sarl", "se", "spa", "srl", "the"}
)
_MATCHED = {
    "Account": (
        "Name",
        "BillingStreet",
        "BillingCity",
        "BillingState",
        "BillingPostalCode",
        "Phone",
        "Website",
    ),
    "Contact": (
        "FirstName",
        "LastName",
        "Email",
        "Phone",
        "Title",
        "AccountId",
        "MailingStreet",
        "MailingCity",
        "MailingPostalCode",
    ),
}
_MATCHING_RULES = {
    "Account": "Standard_Account_Match_Rule_v1_0",
    "Contact": "Standard_Contact_Match_Rule_v1_1",
}


class Duplicates:
    """The active duplicate rules and what they find."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._active: dict[str, tuple[str, str]] | None = None

    def forget(self) -> None:
        """To be called when a rule was switched."""
        self._active = None

    def action(self, sobject: str) -> str:
        """What the object's rule does with a duplicate: allow (with an alert) or block."""
        return str(self._store.recall(f"duplicate action {sobject}", "allow"))

    def set_action(self, sobject: str, action: str) -> None:
        self._store.remember(f"duplicate action {sobject}", action)
        self.forget()

    def _rules(self) -> dict[str, tuple[str, str]]:
        """Name and action of the active rule, by object."""
        if self._active is None:
            self._active = {
                sobject: (name, self.action(sobject))
                for sobject, name in self._store.find(
                    'SELECT "SobjectType", "DeveloperName" FROM "DuplicateRule" WHERE "IsActive" = 1'
                )
            }
        return self._active

    def check(
        self, caller: Caller, sobject: SObject, old: Mapping[str, Any] | None, new: Mapping[str, Any]
    ) -> None:
        """DUPLICATES_DETECTED with the records that look alike. An alert lets edits pass, as the standard rules do."""
        rule = self._rules().get(sobject.name)
        if rule is None:
            return
        name, action = rule
        fields = _MATCHED[sobject.name]
        if old is not None and (action == "allow" or all(old[each] == new[each] for each in fields)):
            return
        if action == "allow" and caller.save_duplicates:
            return
        own_id = None if old is None else old["Id"]
        found = [each for each in self.matches(sobject.name, new) if each[0] != own_id]
        if found:
            raise _detected(caller, sobject.name, name, found, allow=action == "allow")

    def matches(self, sobject: str, row: Mapping[str, Any]) -> list[tuple[str, float]]:
        """Ids of live records that look like a row, and how sure that is (0 to 100), surest first."""
        look = _account if sobject == "Account" else _contact
        found = []
        for other in self._candidates(sobject, row):
            confidence = look(row, other)
            if confidence is not None:
                found.append((str(other["Id"]), round(confidence * 100, 1)))
        found.sort(key=lambda each: (-each[1], each[0]))
        return found[:MOST_MATCHES]

    def _candidates(self, sobject: str, row: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
        columns = ("Id", *_MATCHED[sobject])
        listed = ", ".join(f'"{each}"' for each in columns)
        sql = f'SELECT {listed} FROM "{sobject}" WHERE "IsDeleted" = 0 AND '
        if sobject == "Account":
            word = next(iter(_words(row["Name"])), "")
            if not word:
                return []
            patterns = (f"{_escaped(word)}%", f"the {_escaped(word)}%")
            sql += "(\"Name\" LIKE ? ESCAPE '\\' OR \"Name\" LIKE ? ESCAPE '\\')"
        else:
            patterns = (row["LastName"] or "", f"{_escaped((row['FirstName'] or '')[:1])}%")
            sql += '"LastName" = ? AND "Name" LIKE ? ESCAPE \'\\\''
        return [dict(zip(columns, each, strict=True)) for each in self._store.find(sql, patterns)]


def _detected(
    caller: Caller, sobject: str, rule: str, found: list[tuple[str, float]], *, allow: bool
) -> ApiError:
    version = caller.version.removeprefix("v") or PRESENT
    base = f"/services/data/v{version}/sobjects/{sobject}/"
    result = {
        "allowSave": allow,
        "duplicateRule": rule,
        "duplicateRuleEntityType": sobject,
        "errorMessage": MESSAGE,
        "matchResults": [
            {
                "entityType": sobject,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": [
                    {
                        "additionalInformation": [],
                        "fieldDiffs": [],
                        "matchConfidence": confidence,
                        "record": {"attributes": {"type": sobject, "url": base + record_id}, "Id": record_id},
                    }
                    for record_id, confidence in found
                ],
                "rule": _MATCHING_RULES[sobject],
                "size": len(found),
                "success": True,
            }
        ],
    }
    old_spelling = float(version) <= LAST_MISSPELT
    key = "duplicateResut" if old_spelling else "duplicateResult"
    return ApiError(400, "DUPLICATES_DETECTED", MESSAGE, None, {key: result})


# -- likeness


def _account(row: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """Name and street, name with city and state, name and postal code, name and phone, or name and website."""
    place = ("BillingCity", "BillingState")
    if not (
        any(_same(row, other, each) for each in ("BillingPostalCode", "Phone"))
        or _host(row["Website"]) == _host(other["Website"]) != ""
        or all(_alike(row, other, each) for each in place)
        or _alike(row, other, "BillingStreet")
    ):
        return None
    name = _likeness(" ".join(_words(row["Name"])), " ".join(_words(other["Name"])))
    return name if name >= ALIKE else None


def _contact(row: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """The person's name with the e-mail address, the phone, the title at the same account, or the address."""
    first = _likeness(_plain(row["FirstName"]), _plain(other["FirstName"]))
    if row["FirstName"] and other["FirstName"] and first < ALIKE:
        return None
    at_home = _alike(row, other, "MailingStreet") and any(
        _same(row, other, each) for each in ("MailingCity", "MailingPostalCode")
    )
    if (
        at_home
        or any(_same(row, other, each) for each in ("Email", "Phone"))
        or (_same(row, other, "AccountId") and _alike(row, other, "Title"))
    ):
        return max(first, ALIKE)
    return None


@lru_cache(maxsize=65_536)
def _plain(text: object) -> str:
    """Lower case, no accents, letters and digits only."""
    spread = unicodedata.normalize("NFKD", str(text or "").casefold())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in spread if not unicodedata.combining(c))))


def _words(name: object) -> list[str]:
    """The words of a company's name without its legal form."""
    words = _plain(name).split()
    return [each for each in words if each not in _FORMS] or words


def _likeness(first: str, second: str) -> float:
    """From 0 to 1; what is surely less than alike counts as 0."""
    if first == second:
        return 1.0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()


def _same(row: Mapping[str, Any], other: Mapping[str, Any], field: str) -> bool:
    if row[field] is None or other[field] is None:
        return False
    first = _plain(row[field]).replace(" ", "")
    return first != "" and first == _plain(other[field]).replace(" ", "")


def _alike(row: Mapping[str, Any], other: Mapping[str, Any], field: str) -> bool:
    if row[field] is None or other[field] is None:
        return False
    first, second = _plain(row[field]), _plain(other[field])
    return first != "" and second != "" and _likeness(first, second) >= ALIKE


def _host(website: object) -> str:
    text = str(website or "").casefold().strip()
    return re.sub(r"^(?:[a-z]+://)?(?:www\.)?", "", text).partition("/")[0]


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
