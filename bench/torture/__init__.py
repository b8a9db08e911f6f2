"""Real processes and SIGKILL: a console that syncs is killed at random moments while both sides are edited (docs/guarantees.md).

Nothing here is the console's own: both systems are edited and compared through their public APIs, over plain HTTP.
"""
