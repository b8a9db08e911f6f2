// jsforce 3, as it is, against the rehearsal: node jsforce.mjs PYTHON

import { readFileSync } from "node:fs";
import jsforce from "jsforce";
import { Checks, authorize, holds, refused, same, start } from "./rehearsal.mjs";

const VERSION = "62.0";
const EXT = "Interop__c";
const { version } = JSON.parse(readFileSync(new URL("node_modules/jsforce/package.json", import.meta.url)));

async function signedIn(checks, org) {
  const oauth2 = new jsforce.OAuth2({
    loginUrl: org.login_url,
    clientId: org.client_id,
    redirectUri: "http://localhost:1717/callback",
    useVerifier: true,
  });
  const conn = new jsforce.Connection({ oauth2, version: VERSION });
  await checks.of("sign-in: web-server flow with PKCE, no secret", async () => {
    const address = oauth2.getAuthorizationUrl({ scope: "api refresh_token openid", state: "s/1" });
    const back = await authorize(address, org.username, org.password);
    same(back.get("state"), "s/1", "state");
    const user = await conn.authorize(back.get("code"));
    same(user.organizationId, org.org_id, "organization");
    holds(conn.refreshToken, "a refresh token was asked for");
  });
  await checks.of("an expired access token is renewed without a word", async () => {
    conn.accessToken = `${conn.accessToken}x`;
    const { totalSize } = await conn.query("SELECT Id FROM Organization");
    same(totalSize, 1, "organizations");
  });
  await checks.of("identity", async () => {
    const identity = await conn.identity();
    same([identity.username, identity.organization_id], [org.username, org.org_id], "identity");
  });
  return conn;
}

async function setUp(checks, conn, org) {
  await checks.of("tooling: a custom field with its access", async () => {
    const field = await conn.tooling.sobject("CustomField").create({
      FullName: `Account.${EXT}`,
      Metadata: { type: "Text", label: "Interop", length: 255, externalId: true, unique: true, caseSensitive: true },
    });
    holds(field.success, "the field was made");
    const set = await conn.sobject("PermissionSet").create({ Name: "Interop", Label: "Interop" });
    await conn.sobject("FieldPermissions").create({
      ParentId: set.id, SobjectType: "Account", Field: `Account.${EXT}`, PermissionsRead: true, PermissionsEdit: true,
    });
    const user = await conn.sobject("User").findOne({ Username: org.username }, ["Id"]);
    await conn.sobject("PermissionSetAssignment").create({ PermissionSetId: set.id, AssigneeId: user.Id });
    const found = await conn.tooling.query("SELECT Id FROM CustomField WHERE DeveloperName = 'Interop'");
    same(found.records.map((each) => each.Id.slice(0, 15)), [field.id.slice(0, 15)], "custom fields");
  });
}

async function records(checks, conn) {
  const accounts = conn.sobject("Account");
  await checks.of("create, retrieve, update, delete", async () => {
    const made = await accounts.create({ Name: "Node", BillingCity: "Bergen" });
    same([made.success, made.errors], [true, []], "result");
    const record = await accounts.retrieve(made.id);
    same([record.Name, record.BillingAddress.city, record.attributes.type], ["Node", "Bergen", "Account"], "record");
    await accounts.update({ Id: made.id, Name: "Node 2" });
    same((await accounts.find({ Id: made.id }, ["Name"])).map((each) => each.Name), ["Node 2"], "names");
    await accounts.destroy(made.id);
    same((await refused(() => accounts.retrieve(made.id))).errorCode, "ENTITY_IS_DELETED", "code");
  });
  await checks.of("upsert by external id: created, then updated", async () => {
    const first = await accounts.upsert({ [EXT]: "n/1 ü", Name: "Upserted" }, EXT);
    const second = await accounts.upsert({ [EXT]: "n/1 ü", Name: "Upserted again" }, EXT);
    same([first.created, second.created, second.id], [true, false, first.id], "results");
  });
  await checks.of("collections: create, update, upsert and delete of many", async () => {
    const made = await accounts.create(Array.from({ length: 450 }, (_, n) => ({ Name: `Many ${n}` })), { allowRecursive: true });
    holds(made.length === 450 && made.every((each) => each.success), "all were made");
    const mixed = await accounts.update([{ Id: made[0].id, Name: "Many x" }, { Id: made[1].id, Name: "" }]);
    same([mixed[0].success, mixed[1].errors[0].statusCode], [true, "REQUIRED_FIELD_MISSING"], "results");
    const put = await conn.upsert("Account", [{ [EXT]: "m1", Name: "Put" }, { [EXT]: "m1", Name: "Put twice" }], EXT, {});
    same(put.map((each) => each.success), [true, false], "upserts");
    const gone = await accounts.destroy(made.slice(400).map((each) => each.id));
    holds(gone.length === 50 && gone.every((each) => each.success), "fifty were deleted");
  });
  await checks.of("query with autoFetch over several pages", async () => {
    const found = [];
    const query = conn.query("SELECT Id, Name FROM Account WHERE Name LIKE 'Many %' ORDER BY Id", {
      autoFetch: true, maxFetch: 10_000, headers: { "Sforce-Query-Options": "batchSize=200" },
    });
    await new Promise((resolve, reject) => query.on("record", (each) => found.push(each.Id)).on("end", resolve).on("error", reject).run());
    same([found.length, new Set(found).size], [400, 400], "records");
    const first = await conn.query("SELECT Id FROM Account", { headers: { "Sforce-Query-Options": "batchSize=200" } });
    same([first.done, (await conn.queryMore(first.nextRecordsUrl)).records.length], [false, 200], "the second page");
  });
  await checks.of("parents, children, counts and conditions", async () => {
    const account = await accounts.create({ Name: "Family" });
    await conn.sobject("Contact").create([{ LastName: "A", AccountId: account.id }, { LastName: "B", AccountId: account.id }]);
    const [row] = await accounts.select("Name, Owner.Name").include("Contacts").select("LastName").orderby("LastName").end()
      .where({ Name: { $like: "Fam%" } }).execute();
    same(row.Contacts.records.map((each) => each.LastName), ["A", "B"], "contacts");
    holds(row.Owner.Name, "the owner has a name");
    same(await conn.sobject("Contact").count({ AccountId: account.id }), 2, "count");
  });
  await checks.of("composite and graph as requests", async () => {
    const base = `/services/data/v${VERSION}`;
    const compositeRequest = [
      { method: "POST", url: `${base}/sobjects/Account`, referenceId: "a", body: { Name: "Composed" } },
      { method: "PATCH", url: `${base}/sobjects/Account/@{a.id}`, referenceId: "b", body: { Phone: "1" } },
    ];
    const one = await conn.requestPost("/composite", { allOrNone: true, compositeRequest });
    same(one.compositeResponse.map((each) => each.httpStatusCode), [201, 204], "statuses");
    const graph = await conn.requestPost("/composite/graph", { graphs: [{ graphId: "g", compositeRequest }] });
    same(graph.graphs[0].isSuccessful, true, "the graph");
  });
}

async function bulk(checks, conn) {
  conn.bulk2.pollInterval = 50;
  const text = `${EXT},Name\n${Array.from({ length: 300 }, (_, n) => `j${n},"Bulk, ${n}"`).join("\n")}\n`;
  const ids = await checks.of("bulk2: upsert of a CSV, results of every row", async () => {
    const results = await conn.bulk2.loadAndWaitForResults({
      object: "Account", operation: "upsert", externalIdFieldName: EXT, input: text,
    });
    same([results.successfulResults.length, results.failedResults.length], [300, 0], "results");
    holds(results.successfulResults.every((each) => each.sf__Created === "true"), "all were created");
    return results.successfulResults.map((each) => each.sf__Id);
  });
  await checks.of("bulk2: update step by step, a bad row alone fails", async () => {
    const job = conn.bulk2.createJob({ object: "Account", operation: "update" });
    const opened = await job.open();
    same([opened.state, opened.apiVersion], ["Open", 62], "the new job");
    await job.uploadData([{ Id: ids[0], NumberOfEmployees: 5 }, { Id: ids[1], NumberOfEmployees: "many" }]);
    await job.close();
    const seen = [];
    job.on("inProgress", (info) => seen.push(info.state));
    await job.poll(50, 20_000);
    holds(seen.length > 0, "the job was seen at work");
    const { successfulResults, failedResults, unprocessedRecords } = await job.getAllResults();
    same([successfulResults.length, failedResults.length, unprocessedRecords.length], [1, 1, 0], "results");
    holds(failedResults[0].sf__Error.startsWith("INVALID_FIELD:Failed to deserialize field"), failedResults[0].sf__Error);
    await job.delete();
    same((await refused(() => job.check())).errorCode, "NOT_FOUND", "code");
  });
  await checks.of("bulk2: query as a stream of records", async () => {
    const stream = await conn.bulk2.query(`SELECT Id, Name, Owner.Name FROM Account WHERE ${EXT} LIKE 'j%'`);
    const rows = await stream.toArray();
    same(rows.length, 300, "rows");
    holds(rows.every((row) => row.Id && row["Owner.Name"]), "each row has an id and an owner");
  });
  await checks.of("bulk2: a header that is wrong fails the job", async () => {
    const error = await refused(() =>
      conn.bulk2.loadAndWaitForResults({ object: "Account", operation: "insert", input: "Bacon__c\nx\n" }));
    holds(error.message.includes("InvalidBatch : Field name not found : Bacon__c"), error.message);
  });
  await checks.of("bulk2: delete, and abort of a job that was never closed", async () => {
    const results = await conn.bulk2.loadAndWaitForResults({
      object: "Account", operation: "delete", input: `Id\n${ids.join("\n")}\n`,
    });
    same(results.successfulResults.length, 300, "deleted");
    const job = conn.bulk2.createJob({ object: "Account", operation: "insert" });
    await job.open();
    await job.abort();
    same((await job.check()).state, "Aborted", "state");
  });
  await checks.of("the older bulk API is switched off and says so", async () => {
    const error = await refused(() => conn.bulk.createJob("Account", "insert").open());
    holds(/Async API not enabled|FeatureNotEnabled/.test(`${error.errorCode} ${error.message}`), error.message);
  });
}

async function around(checks, conn) {
  await checks.of("describe: an object, all objects", async () => {
    const fields = new Map((await conn.describe("Account")).fields.map((each) => [each.name, each]));
    same([fields.get(EXT).externalId, fields.get("Name").nillable], [true, false], "fields");
    holds((await conn.describeGlobal()).sobjects.some((each) => each.name === "Contact"), "Contact is listed");
  });
  await checks.of("limits, and the count of calls on every reply", async () => {
    const limits = await conn.limits();
    holds(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max, "calls were counted");
    holds(limits.DailyBulkV2QueryJobs.Remaining < limits.DailyBulkV2QueryJobs.Max, "query jobs were counted");
    same(conn.limitInfo.apiUsage.limit, limits.DailyApiRequests.Max, "limit");
  });
  await checks.of("updated, deleted", async () => {
    const account = conn.sobject("Account");
    const [kept, gone] = await account.create([{ Name: "Kept" }, { Name: "Gone" }]);
    await account.destroy(gone.id);
    const [start, end] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 120_000)];
    holds((await account.updated(start, end)).ids.includes(kept.id), "the changed record is listed");
    holds((await account.deleted(start, end)).deletedRecords.some((each) => each.id === gone.id), "and the deleted one");
  });
  await checks.of("recent items, of one object too", async () => {
    const headers = { "Sforce-Mru": "updateMru=true" };
    const made = await conn.sobject("Account").create({ Name: "Seen" }, { headers });
    same((await conn.recent()).map((each) => each.Id), [made.id], "recent");
    same((await conn.recent("Account", 1)).map((each) => each.Name), ["Seen"], "recent accounts");
  });
  await checks.of("search", async () => {
    const { searchRecords } = await conn.search("FIND {Seen} IN ALL FIELDS RETURNING Account(Id, Name)");
    same(searchRecords.map((each) => each.Name), ["Seen"], "found");
  });
  await checks.of("errors keep their codes", async () => {
    same((await refused(() => conn.query("SELECT Bacon__c FROM Account"))).errorCode, "INVALID_FIELD", "code");
    same((await refused(() => conn.sobject("Bacon__c").retrieve("001000000000001AAA"))).errorCode, "NOT_FOUND", "code");
  });
  await checks.of("sign-out ends the session", async () => {
    const token = conn.accessToken;
    const stranger = new jsforce.Connection({ instanceUrl: conn.instanceUrl, accessToken: token, version: VERSION });
    await conn.logout();
    same((await refused(() => stranger.query("SELECT Id FROM Account LIMIT 1"))).errorCode, "INVALID_SESSION_ID", "code");
  });
}

const checks = new Checks();
const rehearsal = await start(process.argv[2] ?? "python3");
let code = 0;
try {
  const org = rehearsal.handout.salesforce;
  const conn = await signedIn(checks, org);
  await setUp(checks, conn, org);
  await records(checks, conn);
  await bulk(checks, conn);
  await around(checks, conn);
  console.log(`jsforce ${version} on node ${process.version}: ${checks.done} checks, no difference`);
} catch (error) {
  console.error(`differs after ${checks.done} checks: ${error.stack ?? error}`);
  code = 1;
} finally {
  await rehearsal.stop();
}
process.exit(code);
