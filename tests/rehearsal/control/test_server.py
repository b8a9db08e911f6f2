"""Starting, stopping, coming back, and the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from console.rehearsal.server import Rehearsal, StartError

ROOT = Path(__file__).parents[3]
V = "/services/data/v62.0"


def launch(*options, **more):
    command = [sys.executable, "-m", "console.rehearsal", "--serve", *options]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def finish(process, timeout=10):
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def alguna(handout):
    headers = {"Authorization": f"Bearer {handout['alguna']['api_key']}", "Alguna-Version": "2026-04-01"}
    return httpx.Client(base_url=handout["alguna"]["base_url"], headers=headers, trust_env=False)


def salesforce(handout):
    headers = {"Authorization": f"Bearer {handout['salesforce']['access_token']}"}
    return httpx.Client(base_url=handout["salesforce"]["instance_url"], headers=headers, trust_env=False)


def free_ports():
    """Three neighbours that are free at this moment."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
        if port > 65_000:
            continue
        try:
            for number in range(4):
                with socket.socket() as sock:
                    sock.bind(("127.0.0.1", port + number))
        except OSError:
            continue
        return port


def test_one_line_of_json_says_where_everything_is_and_both_sides_answer():
    process = launch("--customers", "5")
    try:
        handout = json.loads(process.stdout.readline())
        assert set(handout) == {"salesforce", "alguna", "pubsub", "control_url"}
        assert set(handout["salesforce"]) == {
            "login_url", "instance_url", "username", "password", "client_id", "access_token", "org_id", "integration",
        }  # fmt: skip
        assert handout["salesforce"]["integration"]["username"] == "integration@rehearsal.example"
        assert set(handout["alguna"]) == {"base_url", "api_key"}
        assert re.fullmatch(r"127\.0\.0\.1:\d+", handout["pubsub"]["endpoint"])
        with salesforce(handout) as org, alguna(handout) as account:
            assert (
                org.get(f"{V}/query", params={"q": "SELECT Id FROM Organization"}).json()["records"][0]["Id"]
                == handout["salesforce"]["org_id"]
            )
            query = {"limit": 100, "offset": 0, "sort": "created_at:asc"}
            assert len(account.get("/customers", params=query).json()["data"]) == 5
    finally:
        process.send_signal(signal.SIGTERM)
        code, out, err = finish(process)
    assert (code, out, err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_two_seconds_whatever_is_open(number):
    process = launch("--customers", "3")
    handout = json.loads(process.stdout.readline())
    control = handout["control_url"]
    httpx.post(control + "/salesforce/faults", json={"error": "STALL", "share": 1.0}, trust_env=False)
    httpx.post(control + "/alguna/options", json={"latency_ms": 60_000}, trust_env=False)
    httpx.post(control + "/activity", json={"on": True}, trust_env=False)
    failures = []

    def hang(client, path):
        try:
            client.get(path, timeout=30)
        except httpx.TransportError as failure:
            failures.append(failure)

    with (
        salesforce(handout) as org,
        alguna(handout) as account,
        socket.create_connection(("127.0.0.1", int(control.rpartition(":")[2]))),
    ):
        threads = [
            threading.Thread(target=hang, args=(org, f"{V}/limits")),
            threading.Thread(target=hang, args=(account, "/customers")),
        ]
        for thread in threads:
            thread.start()
        while any(
            httpx.get(f"{control}/{service}/calls", trust_env=False).json()["total"] == 0
            for service in ("salesforce", "alguna")
        ):
            pass
        begun = time.monotonic()
        process.send_signal(number)
        code, _, err = finish(process)
        assert time.monotonic() - begun < 2
        for thread in threads:
            thread.join()
    assert code == 0, err
    assert len(failures) == 2


def test_it_ends_when_stdin_closes_if_asked_to():
    process = launch("--customers", "1", "--exit-with-parent", stdin=subprocess.PIPE)
    json.loads(process.stdout.readline())
    assert process.poll() is None
    process.stdin.close()
    process.stdin = None
    assert finish(process)[0] == 0


def test_a_temporary_world_is_removed_at_the_end(tmp_path):
    process = launch("--customers", "1", env={**os.environ, "TMPDIR": str(tmp_path)})
    json.loads(process.stdout.readline())
    assert len(list(tmp_path.iterdir())) == 1
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_without_serve_it_says_how_to_use_it():
    from console.rehearsal.__main__ import main

    assert main([]) == 2


def test_the_three_addresses_are_neighbours_on_a_chosen_port():
    port = free_ports()
    with Rehearsal(customers=1, port=port) as rehearsal:
        handout = rehearsal.handout
        urls = [handout["salesforce"]["instance_url"], handout["alguna"]["base_url"], handout["control_url"]]
        assert urls == [f"http://127.0.0.1:{port + number}" for number in range(3)]


def test_a_taken_port_is_said_in_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = launch("--customers", "1", "--port", str(port))
        code, out, err = finish(process)
    assert (code, out) == (1, "")
    assert str(port) in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("port", [-1, 65_535, 70_000])
def test_an_impossible_port_is_refused(port):
    with pytest.raises(StartError, match="cannot be used"):
        Rehearsal(customers=1, port=port).start()


def test_a_kept_world_comes_back_with_its_data_tokens_ids_and_keys(tmp_path):
    state = tmp_path / "state"
    with (
        Rehearsal(state=state, customers=30, seed=7) as first,
        alguna(first.handout) as account,
        salesforce(first.handout) as org,
    ):
        handout = first.handout
        made = account.post(
            "/customers", json={"name": "Kept", "currency": "USD"}, headers={"Idempotency-Key": "keep"}
        ).json()
        record = org.post(f"{V}/sobjects/Account", json={"Name": "Kept"}).json()["id"]
        field = {"FullName": "Account.Kept__c", "Metadata": {"type": "Text", "label": "Kept", "length": 20}}
        assert org.post(f"{V}/tooling/sobjects/CustomField", json=field).status_code == 201
    with Rehearsal(state=state) as again, alguna(again.handout) as account, salesforce(again.handout) as org:
        keep = ("username", "password", "client_id", "access_token", "org_id")
        assert {name: again.handout["salesforce"][name] for name in keep} == {
            name: handout["salesforce"][name] for name in keep
        }
        assert again.handout["alguna"]["api_key"] == handout["alguna"]["api_key"]
        assert account.get(f"/customers/{made['id']}").json() == made
        assert again.alguna.total("customers") == 31
        repeated = account.post(
            "/customers", json={"name": "Kept", "currency": "USD"}, headers={"Idempotency-Key": "keep"}
        )
        assert repeated.headers["idempotent-replayed"] == "true"
        assert org.get(f"{V}/sobjects/Account/{record}").json()["Name"] == "Kept"
        assert (
            org.post(f"{V}/tooling/sobjects/CustomField", json=field).json()[0]["errorCode"]
            == "DUPLICATE_DEVELOPER_NAME"
        )
        other = account.post("/customers", json={"name": "Other", "currency": "USD"}).json()
        assert other["id"] != made["id"]


def dump(rehearsal):
    """All business records of both sides."""
    soql = "SELECT Id, Name, Website, BillingStreet, OwnerId, CreatedDate, LastModifiedDate FROM Account ORDER BY Id"
    control = rehearsal.control_url
    accounts = httpx.get(f"{control}/salesforce/query", params={"q": soql}, trust_env=False).json()["records"]
    contacts = httpx.get(
        f"{control}/salesforce/query",
        params={"q": "SELECT Id, Name, Email, AccountId FROM Contact ORDER BY Id"},
        trust_env=False,
    )
    with alguna(rehearsal.handout) as account:
        pages = [
            account.get(path, params={"limit": 100, "offset": 0, "sort": "created_at:asc"}).json()
            for path in ("/customers", "/subscriptions")
        ]
    return json.dumps([accounts, contacts.json()["records"], pages])


def test_the_same_seed_gives_the_same_world_on_both_sides():
    worlds = []
    for seed in (3, 3, 4):
        with Rehearsal(customers=60, seed=seed) as rehearsal:
            worlds.append(
                (
                    dump(rehearsal),
                    rehearsal.handout["salesforce"]["org_id"],
                    rehearsal.handout["alguna"]["api_key"],
                )
            )
    assert worlds[0] == worlds[1]
    assert worlds[0][0] != worlds[2][0]
    assert worlds[0][1:] != worlds[2][1:]


def test_the_org_can_begin_empty():
    with Rehearsal(customers=20, org="empty") as rehearsal:
        answer = httpx.get(
            f"{rehearsal.control_url}/salesforce/query",
            params={"q": "SELECT COUNT() FROM Account"},
            trust_env=False,
        )
        assert answer.json()["totalSize"] == 0
        assert rehearsal.alguna.total("customers") == 20


def test_what_the_org_was_seeded_with_obeys_the_org_own_rules():
    """Each seeded account and contact could have been typed in: the org takes it again as a new record."""
    with Rehearsal(customers=120) as rehearsal:
        control = httpx.Client(base_url=rehearsal.control_url, trust_env=False, timeout=30)
        with control:
            address = ", ".join(
                f"Billing{part}" for part in ("Street", "City", "State", "PostalCode", "Country")
            )
            fields = f"Name, Website, {address}, Phone, Industry, Type"
            for sobject, names in (
                ("Account", fields),
                ("Contact", "FirstName, LastName, Email, Title, AccountId"),
            ):
                records = control.get(
                    "/salesforce/query", params={"q": f"SELECT {names} FROM {sobject}"}
                ).json()["records"]
                assert len(records) > 50
                for record in records:
                    values = {
                        name: value
                        for name, value in record.items()
                        if name != "attributes" and value is not None
                    }
                    made = control.post(f"/salesforce/records/{sobject}", json={"fields": values})
                    assert made.status_code == 200, (made.text, values)
                    kept = {name: made.json()[name] for name in values}
                    assert kept == values


def test_a_refreshed_sandbox_has_another_organisation_behind_the_same_address():
    with Rehearsal(customers=2) as rehearsal, salesforce(rehearsal.handout) as org:
        before = rehearsal.handout["salesforce"]["org_id"]
        answer = httpx.post(
            f"{rehearsal.control_url}/salesforce/org", json={"new_id": True}, trust_env=False
        ).json()
        assert answer["org_id"] != before
        assert org.get(f"{V}/limits").status_code == 401
        org.headers["Authorization"] = f"Bearer {answer['access_token']}"
        found = org.get(f"{V}/query", params={"q": "SELECT Id FROM Organization"}).json()["records"][0]["Id"]
        assert found == answer["org_id"]
        assert (
            httpx.post(f"{rehearsal.control_url}/salesforce/org", json={}, trust_env=False).status_code == 400
        )


def test_two_rehearsals_never_share_a_state(tmp_path):
    with Rehearsal(state=tmp_path, customers=1), pytest.raises(StartError, match="another rehearsal"):
        Rehearsal(state=tmp_path).start()


@pytest.mark.parametrize("wanted", [{"customers": 4}, {"seed": 2}, {"org": "empty"}])
def test_a_kept_world_is_not_taken_for_another_one(tmp_path, wanted):
    with Rehearsal(state=tmp_path, customers=3):
        pass
    with pytest.raises(StartError, match="keeps a world"):
        Rehearsal(state=tmp_path, **wanted).start()


def test_a_world_whose_loading_broke_off_is_made_anew(tmp_path, monkeypatch):
    from console.rehearsal.world import World

    with monkeypatch.context() as broken:
        broken.setattr(World, "fill_org", lambda *_: 1 / 0)
        with pytest.raises(StartError, match="did not start"):
            Rehearsal(state=tmp_path, customers=3).start()
    with Rehearsal(state=tmp_path, customers=5) as rehearsal:
        assert rehearsal.alguna.total("customers") == 5


def test_a_damaged_file_is_said_in_words(tmp_path):
    (tmp_path / "alguna.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StartError, match="damaged"):
        Rehearsal(state=tmp_path).start()


def test_a_world_that_is_too_large_is_refused():
    with pytest.raises(StartError, match="customers"):
        Rehearsal(customers=10**9).start()


def test_the_rehearsal_knows_nothing_of_its_clients():
    code = "import json, sys, console.rehearsal.__main__; print(json.dumps([m for m in sys.modules]))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    foreign = ("console.", "screens", "httpx", "simple_salesforce", "requests", "textual")
    loaded = [name for name in json.loads(answer.stdout) if name.startswith(foreign)]
    assert [name for name in loaded if not name.startswith("console.rehearsal")] == []
