"""``python -m bench.torture``: kill a console that syncs, hundreds of times, and compare both sides after each round.

Exit code: 0 when nothing was lost, nothing done twice and every start went on in time; 1 otherwise; 2 usage.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.measure import NotMade
from bench.torture.ordeal import Ordeal


def main() -> int:
    """Do it, and print one closing line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.torture", description="SIGKILL at random moments; then compare."
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--round", type=int, default=25, help="kills between two comparisons")
    parser.add_argument("--customers", type=int, default=120)
    parser.add_argument("--rate", type=float, default=4.0, help="edits a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--within", type=float, default=5.0, help="seconds in which a start has to go on")
    parser.add_argument("--keep", metavar="DIR", help="keep all files here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="torture-") as made:
        folder = Path(args.keep or made)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            ordeal = Ordeal(
                folder, args.customers, args.rate, args.seed, args.within, partial(print, flush=True)
            )
            ordeal.run(args.kills, args.round)
        except NotMade as failure:
            print(failure, file=sys.stderr)
            return 1
    print(ordeal.line())
    return 0 if ordeal.passed else 1


if __name__ == "__main__":
    sys.exit(main())
