"""Use the installed wheel as an administrator would, without the checkout: version, rehearsal, connect, sync twice, disconnect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile


def console(*words: str, stdin: str = "", codes: tuple[int, ...] = (0,)) -> str:
    """Run the console and return its standard output; anything but an expected exit code ends the check."""
    done = subprocess.run(
        ["alguna-console", *words], input=stdin, capture_output=True, text=True, timeout=300
    )
    if done.returncode not in codes:
        sys.exit(f"alguna-console {words[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Walk the whole path; leave by an exception or a non-zero code when a promise does not hold."""
    os.environ["ALGUNA_CONSOLE_HOME"] = tempfile.mkdtemp()
    print(console("--version").strip())
    rehearsal = subprocess.Popen(
        ["alguna-console", "rehearse", "--serve", "--customers", "40"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert rehearsal.stdout is not None
        handout = json.loads(rehearsal.stdout.readline())
        org, alguna = handout["salesforce"], handout["alguna"]
        console(
            "connect", "wheel", "--login-url", org["login_url"], "--instance-url", org["instance_url"],
            "--client-id", org["client_id"], "--alguna-url", alguna["base_url"], "--access-token-stdin",
            "--alguna-key-stdin", "--source-of-truth", "alguna", "--import", "all", "--set-up", "--json",
            stdin=f"{org['access_token']}\n{alguna['api_key']}\n",
        )  # fmt: skip
        first = json.loads(console("sync", "wheel", "--once", "--json", codes=(0, 3)))
        second = json.loads(console("sync", "wheel", "--once", "--json", codes=(0, 3)))
        print("first pass", first["changes"], "second pass", second["changes"])
        if not first["changes"]["applied"] or second["changes"]["applied"]:
            sys.exit("The first pass must write and the second must not.")
        left = json.loads(console("disconnect", "wheel", "--yes", "--json"))
        print("disconnect", [step["state"] for step in left["steps"]])
    finally:
        rehearsal.terminate()
        rehearsal.wait(timeout=10)


if __name__ == "__main__":
    main()
