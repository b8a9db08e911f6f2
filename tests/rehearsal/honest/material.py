"""Paths and bodies that programs send by mistake, and people on purpose."""

from __future__ import annotations

import json

ID = "001000000000001AAA"
DATA = "/services/data/v62.0"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
OBJECTS = (
    "Account", "contact", "User", "Profile", "Organization", "PermissionSet", "FieldPermissions",
    "ObjectPermissions", "PermissionSetAssignment", "UserPermissionAccess", "CustomField", "EntityDefinition",
    "FieldDefinition", "EntityParticle", "DuplicateRule", "ValidationRule", "FlowDefinitionView",
    "ApexTrigger", "OauthToken", "AuthSession", "LoginHistory", "ConnectedApplication",
    "PlatformEventChannel", "PlatformEventChannelMember", "RecordType", "Opportunity", "Nothing__c",
    "Account;DROP", "Ünïcode", "..", "%2e%2e", "%00", "a" * 3000,
)  # fmt: skip
RESOURCES = (
    "", "sobjects", "query", "queryAll", "limits", "limits/recordCount", "composite", "composite/batch",
    "composite/graph", "composite/tree/Account", "composite/sobjects", "composite/sobjects/Account",
    "composite/sobjects/Account/Id", "tooling", "tooling/query", "tooling/sobjects",
    "tooling/sobjects/CustomField", "tooling/sobjects/CustomField/00N000000000001",
    "tooling/executeAnonymous", "tooling/runTestsAsynchronous", "tooling/composite", "jobs", "jobs/ingest",
    "jobs/query", "jobs/ingest/750000000000001", "jobs/ingest/750000000000001/batches",
    "jobs/ingest/750000000000001/successfulResults", "jobs/query/750000000000001/results",
    "query/01g000000000001AAA-2000", "query/nonsense", "search", "parameterizedSearch", "chatter/users/me",
    "analytics/reports", "ui-api/records", "connect", "actions", "actions/standard", "process/rules",
    "recent", "theme", "tabs", "wave", "metadata/deployRequest", "support", "licensing", "event",
    "eventSchema", "appMenu", "identity", "quickActions", "compactLayouts", "graphql", "async-queries",
)  # fmt: skip
BELOW_AN_OBJECT = (
    "", "describe", "updated", "deleted", "id", "describe/layouts", "listviews", "quickActions", ID, ID[:15],
    "nonsense", f"{ID}/Owner", f"{ID}/Contacts", f"{ID}/body", "Id/", f"Id/{ID}", "Name/x", "Ext__c/%2F",
    "Ext__c/", "%F0%9F%A6%84", "updated?start=x&end=y", "updated?start=2026-01-01T00:00:00Z",
    "deleted?start=2026-99-01T00:00:00Z&end=2026-01-02T00:00:00Z",
)  # fmt: skip
ELSEWHERE = (
    "/", "/services", "/services/", "/services/data", "/services/data/", "/services/data/v62",
    "/services/data/v9.0", "/services/data/v30.0/limits", "/services/data/v99.0/limits",
    "/services/data/vNaN.0", "/services/data//limits", "/services/async/62.0/job", "/services/Soap/u/62.0",
    "/services/Soap/m/62.0", "/services/Soap/c/62.0/00D", "/services/apexrest/x", "/cometd/62.0", "/event/x",
    "/secur/frontdoor.jsp", "/setup", "/setup/secur/RemoteAccessErrorPage.apexp", "/services/oauth2",
    "/services/oauth2/authorize", "/services/oauth2/token", "/services/oauth2/revoke",
    "/services/oauth2/introspect", "/services/oauth2/userinfo", "/services/oauth2/singleaccess",
    "/services/oauth2/register", "/services/auth/sp/x", "/id", "/id/keys", "/id/x/y", "/id/x/y/z",
    "/.well-known/openid-configuration", "/.well-known/auth-configuration", f"/{ID}",
    "/lightning/r/Account/x/view", "/favicon.ico", "/%ff", "/a%00b", "//", "/*",
)  # fmt: skip

_VALUES: tuple[object, ...] = (
    None, [], {}, "x", 1, [None], [1], [[]], [{}], {"a": 1}, {"Name": {"a": 1}}, {"Name": ["x"]},
    {"Name": 1e400}, {"Name": 10**400}, {"Name": "\ud800"}, {"Name": "\x00"}, {"name": True},
    {"attributes": "x"}, {"attributes": {"type": 1}}, {"records": None}, {"records": "x"}, {"records": [1]},
    {"records": [{}]}, {"records": [{"attributes": "x"}]}, {"records": [{"attributes": {"type": "Nothing"}}]},
    {"records": [{"attributes": {"type": "Account"}, "Id": 5}]},
    {"records": [{"attributes": {"type": "Account", "referenceId": 1}, "Contacts": {"records": 1}}]},
    {"records": [{"attributes": {"type": "Account", "referenceId": "r"}, "Contacts": {"records": [{"x": 1}]}}]},
    {"allOrNone": "x", "records": [{"attributes": {"type": "Account"}, "Name": []}]}, {"ids": 1, "fields": 2},
    {"ids": [1], "fields": [2]}, {"ids": [ID], "fields": ["Nothing"]}, {"compositeRequest": 1},
    {"compositeRequest": [1]}, {"compositeRequest": [{}]},
    {"compositeRequest": [{"method": 1, "url": 2, "referenceId": 3}]},
    {"compositeRequest": [{"method": "GET", "url": "/nowhere", "referenceId": "a"}]},
    {"compositeRequest": [{"method": "GET", "url": DATA + "/sobjects/@{a.b}", "referenceId": "a"}]},
    {"compositeRequest": [{"method": "POST", "url": DATA + "/sobjects/Account", "referenceId": "a", "body": [1]}]},
    {"compositeRequest": [{"method": "POST", "url": DATA + "/composite", "referenceId": "a", "body": {}}]},
    {"batchRequests": 1}, {"batchRequests": [1]}, {"batchRequests": [{"method": "GET", "url": 1}]},
    {"batchRequests": [{"method": "GET", "url": "v62.0/nowhere"}], "haltOnError": 1},
    {"batchRequests": [{"method": "POST", "url": "v62.0/sobjects/Account", "richInput": 1}]}, {"graphs": 1},
    {"graphs": [1]}, {"graphs": [{}]}, {"graphs": [{"graphId": 1, "compositeRequest": [{}]}]},
    {"FullName": 1, "Metadata": 2}, {"FullName": "Account.X__c", "Metadata": {}},
    {"FullName": "Account.X__c", "Metadata": {"type": "Text", "label": [], "length": "x"}},
    {"FullName": "X.Y.Z", "Metadata": {"type": "Nothing"}}, {"DeveloperName": 1, "Label": []}, {"object": 1},
    {"object": "Account", "operation": 1}, {"object": "Account", "operation": "insert", "lineEnding": 3},
    {"object": "Nothing", "operation": "insert"}, {"operation": "query", "query": 1}, {"operation": "query"},
    {"operation": "query", "query": "SELECT"}, {"state": 1}, {"state": "UploadComplete"},
    {"state": "Aborted"},
)  # fmt: skip
BODIES: tuple[bytes | None, ...] = (
    None, b"", b" ", b"{", b'{"a":}', b"nul", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 50_000, b"NaN",
    b'{"a": NaN}', b"<x/>", b"a=1&b=%zz&&=", b"Name\nx\n", b'"' * 1001,
    *(json.dumps(value).encode() for value in _VALUES),
)  # fmt: skip
KINDS = (
    "application/json", "application/json; charset=latin-1", "text/csv", "application/xml",
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "nonsense",
    "",
)  # fmt: skip
QUERIES = (
    "", "SELECT", "SELECT Id FROM", "SELECT Id FROM Nothing", "SELECT * FROM Account",
    "SELECT Id FROM Account WHERE", "SELECT Id FROM Account WHERE Name = 'x",
    "SELECT Id FROM Account LIMIT x", "SELECT Id FROM Account LIMIT 99999999999999999999",
    "SELECT Id FROM Account WHERE (((((((((((", "SELECT Id FROM Account WHERE " + "(" * 3000,
    "SELECT Id FROM Account OFFSET -1", "SELECT (SELECT Id FROM Nothing) FROM Account",
    "SELECT (SELECT (SELECT Id FROM Contacts) FROM Contacts) FROM Account", "SELECT COUNT(), Id FROM Account",
    "SELECT COUNT(Id) c, Name FROM Account", "SELECT Owner.Owner.Owner.Owner.Owner.Owner.Id FROM Account",
    "SELECT FIELDS(ALL) FROM Account", "SELECT FIELDS(NOTHING) FROM Account LIMIT 1",
    "SELECT Id FROM Account FOR UPDATE", "SELECT Id FROM Account USING SCOPE mine",
    "SELECT toLabel(Rating) FROM Account", "SELECT FORMAT(AnnualRevenue) FROM Account",
    "SELECT DISTANCE(BillingAddress, GEOLOCATION(1,2), 'km') FROM Account",
    "SELECT TYPEOF Owner WHEN User THEN Id END FROM Account", "FIND {x} IN ALL FIELDS",
    "UPDATE Account SET Name = 'x'", "SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS:99999999999",
    "SELECT Id FROM Account WHERE CreatedDate = 9999-99-99T00:00:00Z",
    "SELECT Id FROM Account WHERE NumberOfEmployees = 1e999", "SELECT Id FROM Account WHERE Name LIKE '\\\\'",
    "SELECT Id FROM Account WHERE Name IN ()", "SELECT Id FROM Account ORDER BY Nothing",
    "SELECT Id FROM Account GROUP BY Id HAVING", "SELECT Id FROM AuthSession WHERE IsCurrent > 1",
    "SELECT Id, Id FROM Account", "SELECT Id FROM Account, Contact", "SELECT Id FROM Account a, a.Contacts c",
    "SELECT Id FROM Account WITH SECURITY_ENFORCED", "SELECT COUNT() FROM LoginHistory",
    "SELECT COUNT(Id) FROM OauthToken GROUP BY AppName", "\x00", "Ünï", "SELECT Id\tFROM\nAccount LIMIT 1",
    "SELECT UsersId, COUNT(Id) FROM AuthSession GROUP BY UsersId",
    "SELECT Id FROM Account WHERE Id IN (SELECT UserId FROM OauthToken)",
    "SELECT Id FROM User WHERE Id IN (SELECT UserId FROM LoginHistory)",
    "SELECT LoginHistory.Status FROM AuthSession",
)  # fmt: skip
