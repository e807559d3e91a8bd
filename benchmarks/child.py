"""Runs a command and writes down what it cost: child.py RESULT COMMAND [ARGUMENT…].

A process of its own between benchmark and command, because a process inherits the peak memory of
the one that started it (Linux keeps it across fork and exec), and this one is small.
"""

import json
import os
import sys
import time

result, *command = sys.argv[1:]
started = time.monotonic()
process = os.posix_spawn(command[0], command, os.environ)
_, status, usage = os.wait4(process, 0)
ended = time.monotonic()
with open(result, "w", encoding="ascii") as file:  # noqa: PTH123 -- importing pathlib would add to this process
    json.dump(
        {
            "started": started,
            "ended": ended,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_bytes": usage.ru_maxrss * 1024,
            "exit_code": os.waitstatus_to_exitcode(status),
        },
        file,
    )
