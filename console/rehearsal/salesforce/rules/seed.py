"""The rules, flows and triggers that a new org has: all of them switched off.

The standard duplicate and matching rules are those of every org, see
https://help.salesforce.com/s/articleView?id=sales.matching_rules_standard_account_rule.htm and ..._contact_rule.htm.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FOUNDED = "2026-01-05T08:00:00.000+0000"
ACCOUNT_RULE = "Standard_Account_Duplicate_Rule"
CONTACT_RULE = "Standard_Contact_Duplicate_Rule"
WEBSITE_FLOW = "Account_Website_Lower_Case"
CITY_FLOW = "Account_City_Upper_Case"
TAX_FLOW = "Account_Tax_Rate_As_Percent"
BROKEN_FLOW = "Contact_Assign_Owner"
TRIGGER = "AccountTrigger"

VALIDATION_RULES = (
    (
        "Account",
        "Customer_Needs_Country",
        'AND(ISPICKVAL(Type, "Customer - Direct"), ISBLANK(BillingCountry))',
        "A direct customer needs a billing country. Ask Finance before you leave it out.",
        "BillingCountry",
    ),
    (
        "Contact",
        "Email_Or_Phone",
        "AND(ISBLANK(Email), ISBLANK(Phone))",
        "Give an e-mail address or a phone number.",
        None,
    ),
)
"""Object, name, formula of the error, message and the field that it is shown at (None: top of the page)."""

_TRIGGER_BODY = """trigger AccountTrigger on Account (before insert, before update) {
    for (Account each : Trigger.new) {
        if (each.Website.contains(' ')) {
            each.Website.addError('A website has no blanks.');
        }
    }
}
"""


def metadata(
    formula: str, message: str, shown_at: str | None, *, active: bool, description: str | None
) -> str:
    """The Metadata column of a validation rule."""
    whole = {
        "active": active,
        "description": description,
        "errorConditionFormula": formula,
        "errorDisplayField": shown_at,
        "errorMessage": message,
        "shouldEvaluateOnClient": None,
        "urls": None,
    }
    return json.dumps(whole, ensure_ascii=False)


def rows(new_id: Callable[[str], str]) -> dict[str, list[dict[str, Any]]]:
    """Rows by object. `new_id` gives ids by key prefix, for flows, which have some of their own."""
    return {
        "MatchingRule": [
            {
                "DeveloperName": name,
                "MasterLabel": label,
                "SobjectType": sobject,
                "Language": "en_US",
                "MatchEngine": "FuzzyMatchEngine",
                "RuleStatus": "Active",
                "SobjectSubtype": "None",
            }
            for sobject, name, label in (
                ("Account", "Standard_Account_Match_Rule_v1_0", "Standard Account Matching Rule"),
                ("Contact", "Standard_Contact_Match_Rule_v1_1", "Standard Contact Matching Rule"),
            )
        ],
        "DuplicateRule": [
            {
                "DeveloperName": name,
                "MasterLabel": name.replace("_", " "),
                "SobjectType": sobject,
                "Language": "en_US",
                "SobjectSubtype": "None",
            }
            for sobject, name in (("Account", ACCOUNT_RULE), ("Contact", CONTACT_RULE))
        ],
        "ValidationRule": [
            {
                "EntityDefinitionId": sobject,
                "ValidationName": name,
                "ErrorMessage": message,
                "ErrorDisplayField": shown_at,
                "ManageableState": "unmanaged",
                "FullName": f"{sobject}.{name}",
                "Metadata": metadata(formula, message, shown_at, active=False, description=None),
            }
            for sobject, name, formula, message, shown_at in VALIDATION_RULES
        ],
        "FlowDefinitionView": [
            {
                "DurableId": new_id("300"),
                "ApiName": name,
                "Label": name.replace("_", " "),
                "Description": description,
                "ProcessType": "AutoLaunchedFlow",
                "TriggerType": moment,
                "LatestVersionId": new_id("301"),
                "LastModifiedBy": "Robin Adler",
                "LastModifiedDate": FOUNDED,
                "Builder": "Flow Builder",
                "ManageableState": "unmanaged",
                "TriggerObjectOrEventLabel": sobject,
                "TriggerObjectOrEventId": sobject,
                "RecordTriggerType": "CreateAndUpdate",
                "VersionNumber": 1,
            }
            for sobject, name, moment, description in (
                ("Account", WEBSITE_FLOW, "RecordBeforeSave", "Writes the website in lower case."),
                ("Account", CITY_FLOW, "RecordBeforeSave", "Writes the billing city in capitals."),
                ("Account", TAX_FLOW, "RecordBeforeSave", "Writes Alguna's tax rate, 0.20, as 20 %."),
                (
                    "Contact",
                    BROKEN_FLOW,
                    "RecordAfterSave",
                    "Looks for an owner, and fails where there is none.",
                ),
            )
        ],
        "ApexTrigger": [
            {
                "Name": TRIGGER,
                "TableEnumOrId": "Account",
                "UsageBeforeInsert": 1,
                "UsageBeforeUpdate": 1,
                "ApiVersion": 620,
                "Status": "Inactive",
                "BodyCrc": 2816431877,
                "Body": _TRIGGER_BODY,
                "LengthWithoutComments": len(_TRIGGER_BODY),
            }
        ],
    }
