"""``python -m bench.peak OUTPUT COMMAND ...``: run a command and tell its peak memory.

The command writes its stdout into the file OUTPUT. This is a process of its own, and a small one, because the kernel
counts the memory of whoever starts a command as that command's first peak.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys


def main(output: str, command: list[str]) -> int:
    """Run `command`; print ``{"code": its exit code, "bytes": its peak resident memory}`` as a line of JSON."""
    with open(output, "wb") as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # Linux tells kilobytes, macOS bytes: getrusage(2) of each.
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"code": process.returncode, "bytes": peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
