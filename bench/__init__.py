"""How fast, how few calls, how little memory: ratios measured in one run (docs/bench.md)."""
