// The JDK's own HTTP client, without any library, against the rehearsal: java PlainJava.java PYTHON
//
// It asks for HTTP/2 on its first call (Upgrade: h2c), sends chunked bodies of unknown length and waits for 100 Continue.

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

public final class PlainJava {
    private static final String DATA = "/services/data/v62.0/";
    private final HttpClient http = HttpClient.newHttpClient();
    private final String origin;
    private final String token;
    private int done;

    private PlainJava(String origin, String token) {
        this.origin = origin;
        this.token = token;
    }

    public static void main(String[] args) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
            args.length > 0 ? args[0] : "python3", "-m", "console.rehearsal", "--serve", "--customers", "0", "--exit-with-parent");
        Process server = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        int code = 0;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
            String handout = lines.readLine();
            if (handout == null) throw new IOException("the rehearsal ended before it said where it is");
            PlainJava client = new PlainJava(text(handout, "instance_url"), text(handout, "access_token"));
            client.records();
            client.bulk();
            System.out.printf("java %s, java.net.http: %d checks, no difference%n", System.getProperty("java.version"), client.done);
        } catch (Exception | AssertionError failure) {
            System.err.println("differs: " + failure);
            code = 1;
        } finally {
            server.getOutputStream().close();
            server.waitFor();
        }
        System.exit(code);
    }

    private void records() throws Exception {
        String made = body(call("POST", "sobjects/Account/", json("{\"Name\":\"Java \\u00fc\"}")), 201);
        String id = text(made, "id");
        ok("create, with an upgrade to HTTP/2 that the server leaves aside");
        String found = body(call("GET", "query/?q=" + URLEncoder.encode("SELECT Name FROM Account WHERE Id = '" + id + "'", "UTF-8"), none()), 200);
        same(text(found, "Name"), "Java ü", "name");
        ok("query, blanks as plus signs");
        body(call("PATCH", "sobjects/account/" + id.substring(0, 15), chunked("{\"phone\": \"1\"}")), 204);
        ok("update with a chunked body, names in any case, a short id");
        body(call("PATCH", "sobjects/Account/" + id, zipped("{\"Phone\": \"2\"}"), "Content-Encoding", "gzip"), 204);
        ok("update with a compressed body");
        HttpResponse<String> head = call("HEAD", "sobjects/Account/" + id, none());
        same(head.statusCode() + head.body(), "200", "head");
        ok("head");
        HttpResponse<String> deleted = call("DELETE", "sobjects/Account/" + id, none(), "Content-Type", "text/xml");
        same(deleted.statusCode() + deleted.body() + deleted.headers().firstValue("content-type").isPresent(), "204false", "delete");
        ok("delete: no body and no type");
        same(text(body(call("GET", "sobjects/Account/" + id, none()), 404), "errorCode"), "ENTITY_IS_DELETED", "code");
        ok("a deleted record");
    }

    private void bulk() throws Exception {
        String job = text(body(call("POST", "jobs/ingest", json("{\"object\":\"Contact\",\"operation\":\"insert\",\"lineEnding\":\"CRLF\"}")), 200), "id");
        StringBuilder csv = new StringBuilder("LastName,Email\r\n");
        for (int n = 0; n < 500; n++) csv.append("Bean ").append(n).append(",bean").append(n).append("@x.example\r\n");
        HttpRequest upload = request("PUT", "jobs/ingest/" + job + "/batches", chunked(csv.toString()), "Content-Type", "text/csv")
            .expectContinue(true).build();
        body(http.send(upload, BodyHandlers.ofString()), 201);
        ok("upload, chunked, after 100 Continue");
        body(call("PATCH", "jobs/ingest/" + job, json("{\"state\":\"UploadComplete\"}")), 200);
        String info = waitFor("jobs/ingest/" + job);
        holds(info.contains("\"numberRecordsProcessed\":500,\"numberRecordsFailed\":0"), info);
        ok("ingest of 500 records");
        String soql = "{\"operation\":\"query\",\"query\":\"SELECT Email FROM Contact WHERE LastName LIKE 'Bean %'\"}";
        String query = text(body(call("POST", "jobs/query", json(soql)), 200), "id");
        waitFor("jobs/query/" + query);
        String path = "jobs/query/" + query + "/results?maxRecords=300";
        HttpResponse<String> first = call("GET", path, none());
        String locator = first.headers().firstValue("Sforce-Locator").orElseThrow();
        HttpResponse<String> second = call("GET", path + "&locator=" + locator, none());
        same(second.headers().firstValue("sforce-locator").orElse(""), "null", "locator");
        same(first.body().lines().count() + second.body().lines().count(), 502L, "lines");
        ok("query in two pages");
    }

    private String waitFor(String path) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            String info = body(call("GET", path, none()), 200);
            String state = text(info, "state");
            if (state.equals("JobComplete")) return info;
            holds(state.equals("UploadComplete") || state.equals("InProgress"), info);
            holds(System.nanoTime() < end, "the job did not end");
        }
    }

    private HttpRequest.Builder request(String method, String path, BodyPublisher content, String... headers) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(origin + DATA + path)).method(method, content)
            .timeout(Duration.ofSeconds(20)).header("Authorization", "Bearer " + token);
        if (headers.length == 0) builder.header("Content-Type", "application/json");
        for (int place = 0; place < headers.length; place += 2) builder.header(headers[place], headers[place + 1]);
        return builder;
    }

    private HttpResponse<String> call(String method, String path, BodyPublisher content, String... headers) throws Exception {
        return http.send(request(method, path, content, headers).build(), BodyHandlers.ofString());
    }

    private static String body(HttpResponse<String> reply, int status) {
        same(reply.statusCode(), status, reply.body());
        return reply.body();
    }

    private static BodyPublisher none() {
        return BodyPublishers.noBody();
    }

    private static BodyPublisher json(String text) {
        return BodyPublishers.ofString(text);
    }

    private static BodyPublisher chunked(String text) {
        return BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static BodyPublisher zipped(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream stream = new GZIPOutputStream(packed)) {
            stream.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return BodyPublishers.ofByteArray(packed.toByteArray());
    }

    /** The first text under a key of a JSON body. */
    private static String text(String json, String key) {
        Matcher found = Pattern.compile("\"" + key + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        holds(found.find(), "no " + key + " in " + json);
        return found.group(1);
    }

    private static void same(Object found, Object wanted, String what) {
        holds(found.equals(wanted), what + ": found " + found + ", wanted " + wanted);
    }

    private static void holds(boolean truth, String what) {
        if (!truth) throw new AssertionError(what);
    }

    private void ok(String name) {
        done++;
        System.out.println("ok  " + name);
    }
}
