"""`python -I -S measured.py FILE COMMAND ...`: runs a command and writes to FILE what it cost, as JSON.

It is a program of its own because Linux counts the memory of whoever starts a process as that process's own peak, and
this one is small. Seconds of CPU are those of the process and of all its children together; the peak is that of the
largest among them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def main(file: str, *command: str) -> int:
    started = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ)
    _process, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - started
    cost = {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}
    Path(file).write_text(json.dumps(cost))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
