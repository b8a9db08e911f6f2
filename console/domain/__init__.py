"""Pure knowledge: records, fields, matching and the planner. No I/O, no clock, no randomness."""
