"""``python -m bench [NAME ...]``: make the measures, print the table, write bench/results.json.

Exit code: 0 when every measure could be made, whether it reached its goal or not; 1 when one could not be made; 2 usage.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Measure, judge
from bench.table import save, table

RESULTS = Path(__file__).parent / "results.json"


def main(argv: Sequence[str], measures: Sequence[Measure], results_path: Path) -> int:
    """Make the measures that `argv` names, or all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, as ratios in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these measures (see --list)")
    parser.add_argument("--list", action="store_true", help="name the measures and their goals")
    args = parser.parse_args(argv)
    known = {measure.key: measure for measure in measures}
    if args.list:
        width = max(map(len, known))
        print("\n".join(f"{key.ljust(width)}  {measure.name}" for key, measure in known.items()))
        return 0
    unknown = [name for name in args.names if name not in known]
    if unknown:
        print(f"There is no measure {unknown[0]!r}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    results = []
    for key, measure in known.items():
        if args.names and key not in args.names:
            continue
        print(f"{measure.name} ...", file=sys.stderr, flush=True)
        began = time.monotonic()
        results.append(judge(measure))
        print(f"  {results[-1].detail} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    print(table(results))
    save(results, results_path)
    return 1 if any(result.measured is None for result in results) else 0


if __name__ == "__main__":
    from bench.measures import every

    sys.exit(main(sys.argv[1:], every(), RESULTS))
