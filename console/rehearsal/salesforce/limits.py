"""What the org may still do today, and how many records it holds.

See https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.rehearsal.salesforce.routing import Call, Reply, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.rehearsal.salesforce.org import Org
    from console.rehearsal.salesforce.usage import Usage

# Allowances of a Developer Edition org. Nothing of the rehearsal uses them up.
_UNTOUCHED = {
    "ActiveScratchOrgs": 3,
    "AnalyticsExternalDataSizeMB": 40_960,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250_000,
    "DailyAsyncApexTests": 500,
    "DailyDeliveredPlatformEvents": 10_000,
    "DailyDurableStreamingApiEvents": 10_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyScratchOrgs": 6,
    "DailyStandardVolumePlatformEvents": 10_000,
    "DailyWorkflowEmails": 1_000,
    "DataStorageMB": 5_120,
    "DurableStreamingApiConcurrentClients": 20,
    "FileStorageMB": 5_120,
    "HourlyAsyncReportRuns": 1_200,
    "HourlyDashboardRefreshes": 200,
    "HourlyLongTermIdMapping": 100_000,
    "HourlyManagedContentPublicRequests": 50_000,
    "HourlyODataCallout": 1_000,
    "HourlyPublishedPlatformEvents": 50_000,
    "HourlyPublishedStandardVolumePlatformEvents": 1_000,
    "HourlyShortTermIdMapping": 100_000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1_000,
    "MassEmail": 10,
    "MonthlyPlatformEvents": 300_000,
    "MonthlyPlatformEventsUsageEntitlement": 0,
    "Package2VersionCreates": 6,
    "Package2VersionCreatesWithoutValidation": 500,
    "SingleEmail": 15,
    "StreamingApiConcurrentClients": 20,
}


class Limits:
    """`/limits` and `/limits/recordCount`."""

    def __init__(self, org: Org, usage: Usage, bulk: Callable[[], dict[str, dict[str, int]]]) -> None:
        self._org = org
        self._usage = usage
        self._bulk = bulk

    def routes(self) -> list[Route]:
        """The paths of limits."""
        return [Route("limits", GET=self.limits), Route("limits/recordcount", GET=self.record_count)]

    def limits(self, call: Call) -> Reply:
        limit, used = self._usage.limit, self._usage.used
        entries = {name: {"Max": count, "Remaining": count} for name, count in _UNTOUCHED.items()}
        entries |= self._bulk()
        entries["DailyApiRequests"] = {"Max": limit, "Remaining": max(0, limit - used)}
        return Reply(200, dict(sorted(entries.items())))

    def record_count(self, call: Call) -> Reply:
        names = [name.strip() for name in call.query.get("sObjects", "").split(",") if name.strip()]
        if not names:
            world = self._org.describe_global(call.caller, version=call.version)
            names = [entry["name"] for entry in world["sobjects"] if entry["queryable"]]
        counts = self._org.reading.record_counts(call.caller, names)
        return Reply(200, {"sObjects": [{"count": count, "name": name} for name, count in counts.items()]})
