"""A plan in a file: written, read, compared and applied by commands."""

import json

import pytest


@pytest.fixture
def kept(run, connected, tmp_path):
    """A plan that was kept, of a connection that was never synced."""
    path = tmp_path / "plan.json"
    assert run("plan", "demo", "--out", str(path), "--json").code == 0
    return path


def test_what_was_planned_is_applied_once(run, connected, kept):
    planned = json.loads(kept.read_text())
    first = run("apply", "demo", str(kept), "--json")
    assert first.code == 0, first
    assert set(first.json) >= {"run", "changes", "waiting", "calls", "seconds", "already", "plan", "stale"}
    assert first.json["plan"] == planned["hash"]
    assert first.json["changes"]["applied"] == len(planned["changes"]) > 50
    again = run("apply", "demo", str(kept), "--json")
    assert (again.code, again.json["already"]) == (0, len(planned["changes"]))
    assert again.json["changes"] == {"planned": 0, "applied": 0, "refused": 0, "stale": 0}
    assert "stood there already" in run("apply", "demo", str(kept)).out


def test_what_moved_since_is_told_with_exit_code_3(run, connected, kept):
    planned = json.loads(kept.read_text())["changes"]
    moved = next(change for change in planned if change["object"] == "Account" and change["key"] is None)
    connected.control("PATCH", f"alguna/customers/{moved['customer_id']}", {"name": "Moved Since"})
    answer = run("apply", "demo", str(kept), "--json")
    assert answer.code == 3
    assert {each["customer_id"] for each in answer.json["stale"]} == {moved["customer_id"]}
    assert all(each["moved"] for each in answer.json["stale"])
    assert answer.json["changes"]["applied"] == len(planned) - len(answer.json["stale"])
    said = run("apply", "demo", str(kept))
    assert said.code == 3
    assert "moved since the plan was made" in said.out


def test_a_plan_from_standard_output_is_as_good_as_one_from_a_file(run, connected, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(run("plan", "demo", "--json").out)
    assert run("apply", "demo", str(path), "--json").code == 0


def test_a_plan_can_be_read_without_a_connection(run, kept):
    shown = run("show", str(kept))
    assert shown.code == 0
    made = json.loads(kept.read_text())
    assert made["hash"][:12] in shown.out
    assert made["org_id"] in shown.out
    assert f"{len(made['changes'])} changes" in shown.out
    assert run("show", str(kept), "--json").json == made


def test_two_plans_are_compared(run, connected, kept):
    same = run("plan", "demo", "--against", str(kept), "--json").json
    assert (same["new"], same["gone"], same["different"]) == ([], [], [])
    assert same["then"] == same["now"]
    id_ = json.loads(kept.read_text())["changes"][0]["customer_id"]
    connected.control("PATCH", f"alguna/customers/{id_}", {"name": "Renamed Since"})
    answer = run("plan", "demo", "--against", str(kept), "--json")
    assert answer.code == 0
    assert answer.json["then"] != answer.json["now"]
    assert {each["now"]["customer_id"] for each in answer.json["different"]} == {id_}
    said = run("plan", "demo", "--against", str(kept)).out
    assert "Renamed Since" in said
    assert "different" in said


@pytest.mark.parametrize("command", [("apply", "demo"), ("show",), ("plan", "demo", "--against")])
def test_a_plan_that_was_edited_is_refused_before_anything_is_called(run, connected, kept, command):
    made = json.loads(kept.read_text())
    made["changes"][0]["after"] = {"Name": "Edited"}
    kept.write_text(json.dumps(made))
    connected.control("POST", "salesforce/calls/reset")
    answer = run(*command, str(kept), "--json")
    assert answer.code == 1
    assert answer.json["error"]["category"] == "conflict"
    assert "changed since it was made" in answer.json["error"]["message"]
    assert connected.control("GET", "salesforce/calls")["total"] == 0


def test_a_plan_of_another_connection_is_refused_with_the_reason(run, connected, kept, tmp_path):
    other = json.loads(kept.read_text())
    settings = next((tmp_path / "home").rglob("settings.json"))
    held = json.loads(settings.read_text())
    settings.write_text(json.dumps({**held, "rules": {"Name": "off"}}))
    answer = run("apply", "demo", str(kept), "--json")
    assert answer.code == 1
    assert "field rules" in answer.json["error"]["message"]
    assert other["org_id"] == held["org_id"]


@pytest.mark.parametrize(
    ("content", "code"), [(b"", 2), (b"[1, 2]", 2), (b"\xff\xfe", 2), (b'{"hash": "1", "org', 1), (None, 2)]
)
def test_what_is_no_plan_is_told_in_a_sentence(run, connected, tmp_path, content, code):
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_bytes(content)
    answer = run("apply", "demo", str(path), "--json")
    assert answer.code == code
    assert answer.json["error"]["message"]
    assert answer.json["error"]["advice"]
    assert answer.err == ""
