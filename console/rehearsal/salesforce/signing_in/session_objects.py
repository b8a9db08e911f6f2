"""What an org tells in queries about who has access: tokens, sessions, the log-in history, and the apps' policies.

Their rows are not kept a second time: each is a look at the tables of sign-in, made for the caller. See
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_oauthtoken.htm,
..._authsession.htm, ..._loginhistory.htm and ..._connectedapplication.htm.
"""

# ruff: noqa: S608 - only literals are put into the SQL

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.rehearsal.salesforce.fields import named, picklist, read_only, record_id
from console.rehearsal.salesforce.schema import SObject
from console.rehearsal.salesforce.signing_in.history import BROWSER, OAUTH

if TYPE_CHECKING:
    from console.rehearsal.salesforce.schema import Field
    from console.rehearsal.salesforce.signing_in.policies import Policies
    from console.rehearsal.salesforce.signing_in.tokens import Tokens
    from console.rehearsal.salesforce.signing_in.vault import Vault

_LOGIN_TYPES = (BROWSER, OAUTH, "Other Apex API", "Partner Product", "SAML Idp Initiated SSO")
_SESSION_TYPES = ("API", "Oauth2", "UI", "Content", "Visualforce")
_FIXED = {"createable": False, "updateable": False, "permission": False}


def _user(name: str, label: str, relationship: str) -> Field:
    return read_only("reference", name, label, length=18, reference_to="User", relationship_name=relationship)


def _text(name: str, label: str, length: int = 255, **more: Any) -> Field:
    return read_only("string", name, label, length=length, **more)


def _stamp(name: str, label: str) -> Field:
    return read_only("datetime", name, label)


def _object(name: str, label: str, plural: str, key_prefix: str, fields: list[Field]) -> SObject:
    return SObject(
        name, label, plural, key_prefix, named(fields),
        createable=False, updateable=False, deletable=False, setup=True, virtual=True,
    )  # fmt: skip


def oauth_token() -> SObject:
    fields = [
        record_id("Oauth Token ID"),
        _text("AccessToken", "Access Token"),
        _user("UserId", "User", "User"),
        _text("RequestToken", "Request Token"),
        _stamp("CreatedDate", "Created Date"),
        _stamp("LastUsedDate", "Last Used Date"),
        read_only("int", "UseCount", "Use Count", digits=9),
        _text("DeleteToken", "Delete Token"),
        _text("AppName", "Application Name"),
    ]
    return _object("OauthToken", "Oauth Token", "Oauth Tokens", "0CQ", fields)


def auth_session() -> SObject:
    fields = [
        record_id("Auth Session ID"),
        _user("UsersId", "User", "Users"),
        _stamp("CreatedDate", "Created"),
        _stamp("LastModifiedDate", "Updated"),
        read_only("int", "NumSecondsValid", "Valid For", digits=9, nillable=False),
        picklist("UserType", "User Type", ("Standard", "Guest"), **_FIXED),
        _text("SourceIp", "Source IP", 39, nillable=False),
        picklist("LoginType", "Login", _LOGIN_TYPES, **_FIXED),
        picklist("SessionType", "Session Type", _SESSION_TYPES, **_FIXED),
        picklist(
            "SessionSecurityLevel", "Session Security Level", ("LOW", "STANDARD", "HIGH_ASSURANCE"), **_FIXED
        ),
        _text("LogoutUrl", "Logout URL", 1500),
        read_only(
            "reference", "ParentId", "Auth Session", length=18,
            reference_to="AuthSession",
        ),
        read_only(
            "reference", "LoginHistoryId", "Login History", length=18,
            reference_to="LoginHistory",
        ),
        read_only("boolean", "IsCurrent", "Is Current", nillable=False),
    ]  # fmt: skip
    return _object("AuthSession", "Auth Session", "Auth Sessions", "0Ak", fields)


def login_history() -> SObject:
    fields = [
        record_id("Login History ID"),
        _user("UserId", "User", "User"),
        _stamp("LoginTime", "Login Time"),
        picklist("LoginType", "Login Type", _LOGIN_TYPES, **_FIXED),
        _text("SourceIp", "Source IP", 39),
        _text("LoginUrl", "Login URL"),
        _text("Browser", "Browser", 64),
        _text("Platform", "Platform", 64),
        _text("Status", "Status", 128),
        _text("Application", "Application", 64),
        _text("ClientVersion", "Client Version", 64),
        _text("ApiType", "API Type", 64),
        _text("ApiVersion", "API Version", 32),
        _text("CountryIso", "Country Code", 3),
    ]
    return _object("LoginHistory", "Login History", "Login History", "0Ya", fields)


def connected_application() -> SObject:
    fields = [
        record_id("Connected App ID"),
        _text("Name", "Connected App Name", 80, nillable=False, name_field=True, id_lookup=True),
        _stamp("CreatedDate", "Created Date"),
        _stamp("LastModifiedDate", "Last Modified Date"),
        _stamp("SystemModstamp", "System Modstamp"),
        read_only("boolean", "OptionsAllowAdminApprovedUsersOnly", "AllowAdminApprovedUsersOnly", nillable=False),
        read_only("boolean", "OptionsRefreshTokenValidityMetric", "RefreshTokenValidityMetric", nillable=False),
        read_only("boolean", "OptionsHasSessionLevelPolicy", "HasSessionLevelPolicy", nillable=False),
        read_only("url", "MobileStartUrl", "Mobile Start URL", length=255),
        read_only("url", "StartUrl", "Start URL", length=255),
        read_only("int", "RefreshTokenValidityPeriod", "Refresh Token Validity Period", digits=9),
    ]  # fmt: skip
    return _object("ConnectedApplication", "Connected App", "Connected Apps", "0H4", fields)


ALL = (oauth_token, auth_session, login_history, connected_application)


def _moment(column: str) -> str:
    """SQL that writes seconds since 1970 as the org's file keeps moments."""
    return f"strftime('%Y-%m-%dT%H:%M:%f', {column}, 'unixepoch') || '+0000'"


class SessionRows:
    """The rows of these objects for a caller, as SQL over the tables of sign-in with its values."""

    def __init__(self, vault: Vault, policies: Policies, tokens: Tokens) -> None:
        self._vault = vault
        self._policies = policies
        self._tokens = tokens

    def __call__(
        self, name: str, user_id: str, permissions: dict[str, bool], session_key: str
    ) -> tuple[str, list[Any]] | None:
        """The rows of an object; None for an object that is none of these."""
        match name:
            case "OauthToken":
                return self._oauth_tokens(user_id, everyone=permissions["CustomizeApplication"])
            case "AuthSession":
                return self._auth_sessions(session_key)
            case "LoginHistory":
                return self._login_history(user_id, everyone=permissions["ManageUsers"])
            case "ConnectedApplication":
                return self._connected_applications()
        return None

    def _oauth_tokens(self, user_id: str, *, everyone: bool) -> tuple[str, list[Any]]:
        """Live approvals for use at any time. Of the tokens themselves only hashes are kept: they show as null."""
        sql = (
            f'(SELECT g.id AS _n, g.record_id AS "Id", NULL AS "AccessToken", g.user_id AS "UserId",'
            f' NULL AS "RequestToken", {_moment("g.created_at")} AS "CreatedDate",'
            f' {_moment("g.last_used")} AS "LastUsedDate", g.uses AS "UseCount", NULL AS "DeleteToken",'
            f' a.name AS "AppName" FROM access_grant g LEFT JOIN access_app a USING (client_id)'
            " WHERE EXISTS (SELECT 1 FROM access_refresh r WHERE r.grant_id = g.id AND r.live)"
            " AND (? OR g.user_id = ?))"
        )
        return sql, [int(everyone), user_id]

    def _auth_sessions(self, session_key: str) -> tuple[str, list[Any]]:
        valid = self._tokens.session_minutes * 60
        sql = (
            f'(SELECT s.rowid AS _n, s.record_id AS "Id", s.user_id AS "UsersId",'
            f' {_moment("s.created_at")} AS "CreatedDate", {_moment("s.last_used")} AS "LastModifiedDate",'
            ' ? AS "NumSecondsValid", \'Standard\' AS "UserType",'
            " coalesce(nullif(s.source_ip, ''), '127.0.0.1') AS \"SourceIp\","
            f" '{OAUTH}' AS \"LoginType\", 'Oauth2' AS \"SessionType\", 'STANDARD' AS \"SessionSecurityLevel\","
            ' NULL AS "LogoutUrl", s.record_id AS "ParentId",'
            " (SELECT h.record_id FROM access_history h WHERE h.user_id = s.user_id AND h.status = 'Success'"
            '  AND h.at <= s.created_at + 1 ORDER BY h.at DESC LIMIT 1) AS "LoginHistoryId",'
            ' lower(hex(s.hash)) = ? AS "IsCurrent"'
            " FROM access_session s WHERE s.last_used + ? > ?)"
        )
        return sql, [valid, session_key, valid, self._vault.now()]

    @staticmethod
    def _login_history(user_id: str, *, everyone: bool) -> tuple[str, list[Any]]:
        sql = (
            f'(SELECT h.rowid AS _n, h.record_id AS "Id", h.user_id AS "UserId", {_moment("h.at")} AS "LoginTime",'
            ' h.login_type AS "LoginType", h.source_ip AS "SourceIp", h.url AS "LoginUrl",'
            ' \'Unknown\' AS "Browser", \'Unknown\' AS "Platform", h.status AS "Status",'
            ' h.application AS "Application", \'N/A\' AS "ClientVersion", \'N/A\' AS "ApiType",'
            ' \'N/A\' AS "ApiVersion", NULL AS "CountryIso"'
            " FROM access_history h WHERE ? OR h.user_id = ?)"
        )
        return sql, [int(everyone), user_id]

    def _connected_applications(self) -> tuple[str, list[Any]]:
        policy = self._policies["refresh_token_policy"]
        period = {"infinite": None, "zero": 0}.get(policy, self._policies["refresh_token_days"])
        made = _moment("a.created_at")
        sql = (
            f'(SELECT a.rowid AS _n, a.record_id AS "Id", a.name AS "Name", {made} AS "CreatedDate",'
            f' {made} AS "LastModifiedDate", {made} AS "SystemModstamp",'
            ' ? AS "OptionsAllowAdminApprovedUsersOnly", ? AS "OptionsRefreshTokenValidityMetric",'
            ' 0 AS "OptionsHasSessionLevelPolicy", NULL AS "MobileStartUrl", NULL AS "StartUrl",'
            ' ? AS "RefreshTokenValidityPeriod" FROM access_app a)'
        )
        admin_only = self._policies["permitted_users"] == "admin"
        return sql, [int(admin_only), int(policy == "inactivity"), period]
