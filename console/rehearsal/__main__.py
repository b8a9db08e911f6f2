"""`python -m console.rehearsal --serve`: serve the rehearsal until it is told to stop."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from console.rehearsal.server import Rehearsal, StartError


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m console.rehearsal",
        description="A Salesforce org and an Alguna account on 127.0.0.1, to practise on.",
    )
    made.add_argument(
        "--serve", action="store_true", help="serve until stopped; one line of JSON on stdout says where"
    )
    made.add_argument("--port", type=int, help="first of four ports (default: free ones)")
    made.add_argument("--customers", type=int, help="how many customers a new world has (default 503)")
    made.add_argument("--seed", type=int, help="the seed of a new world (default 1)")
    made.add_argument(
        "--org", choices=("half", "empty"), help="how the org begins: half of the customers known, or empty"
    )
    made.add_argument("--state", help="a directory that keeps the world (default: a temporary one)")
    made.add_argument("--exit-with-parent", action="store_true", help="stop when stdin closes")
    made.add_argument(
        "--activity", type=int, metavar="PER_MINUTE", help="keep changing records on both sides"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 could not start, 2 wrong usage."""
    made = parser()
    args = made.parse_args(argv)
    if not args.serve:
        made.print_help(sys.stderr)
        return 2
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return _serve(args, ended)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _serve(args: argparse.Namespace, ended: threading.Event) -> int:
    rehearsal = Rehearsal(
        state=args.state, customers=args.customers, seed=args.seed, org=args.org, port=args.port or None
    )
    try:
        rehearsal.start()
    except StartError as failure:
        print(failure, file=sys.stderr)
        return 1
    try:
        if args.activity:
            rehearsal.run(lambda: rehearsal.stage.activity.start(args.activity))
        if args.exit_with_parent:
            threading.Thread(target=_watch_stdin, args=(ended,), daemon=True).start()
        print(json.dumps(rehearsal.handout, ensure_ascii=False), flush=True)
        ended.wait()
    finally:
        rehearsal.stop()
    return 0


def _watch_stdin(ended: threading.Event) -> None:
    """Wait for the end of stdin: the process that started this one has gone."""
    while os.read(0, 4096):
        pass
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
