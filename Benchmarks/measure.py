"""Runs one command and prints a line with what its summary says and the peak memory that the system counted."""

import json
import os
import subprocess
import sys

users, label, command = sys.argv[1], sys.argv[2], sys.argv[3:]
process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
log = process.stderr.read()
_, status, usage = os.wait4(process.pid, 0)
summaries = [line for line in map(json.loads, log.splitlines()) if "stop_reason" in line]
if not summaries or os.waitstatus_to_exitcode(status) != 0:
    sys.exit(f"the run failed:\n{log}")
summary = summaries[-1]
records, seconds = summary["records_deleted"], summary["duration_s"]
print(
    f"{users:<10} {label:<22} {records:>10} {seconds:>10.1f} {records / max(seconds, 0.001):>10.0f}"
    f" {usage.ru_maxrss:>12}"
)
