"""The original script and ours, on the same content and against the same nodes."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from nodes import SECRET, Nginx, Sandbox
from servers import BIN, Server

FOLDER, INTERPRETER = sys.argv[1:3]
# How long the original runs; it would take minutes for what ours does in seconds.
SECONDS = 20


class World:
    def __init__(self, url, users):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        self.server = Server("mariadb", self.folder)
        subprocess.run(
            [f"{BIN}/sync-sandbox", "fill", self.server.url, "--users", str(users), "--malformed", "0", "--node", url],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.server.analyze()

    def original(self):
        """Its rate, from its first record on."""
        count = self.server.backlog()
        process = subprocess.Popen(
            [INTERPRETER, f"{FOLDER}/purge_old_records.py", "--oneshot", SECRET],
            env={**os.environ, "SYNC_TOKENSERVER__DATABASE_URL": self.server.url, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            while self.server.backlog() == count:
                if process.poll() is not None:
                    raise SystemExit("the original deleted nothing")
                time.sleep(0.01)
            began, first = time.monotonic(), self.server.backlog()
            time.sleep(SECONDS)
            left = self.server.backlog()
            if left == 0:
                raise SystemExit("the original came to its end")
            return (first - left) / (time.monotonic() - began)
        finally:
            process.kill()
            process.wait()

    def ours(self, *options):
        """Its rate over the whole run, its start included."""
        result = subprocess.run(
            [f"{BIN}/purge-old-records", "--oneshot", "--node-type", "mysql", "--database-url", self.server.url, *options],
            env={**os.environ, "SYNC_MASTER_SECRET": SECRET}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )
        summary = next(json.loads(line) for line in result.stderr.splitlines() if "stop_reason" in line)
        return summary["records_deleted"] / summary["duration_s"]

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


print("| node | original, records/s | options of ours | records/s | times |")
print("|---|---|---|---|---|")
for name, make, users, choices in [
    ("nginx, answering at once", Nginx, 60_000, [[], ["--max-per-loop", "1000"]]),
    ("the sandbox's, answering at once", Sandbox, 60_000, [[], ["--max-per-loop", "1000"]]),
    ("the sandbox's, 50 ms", lambda: Sandbox("--latency", "50"), 40_000, [["--concurrency", "128"]]),
]:
    node = make()
    world = World(node.urls[0], users)
    original = world.original()
    world.stop()
    for options in choices:
        world = World(node.urls[0], users)
        ours = world.ours(*options)
        world.stop()
        chosen = f"`{' '.join(options)}`" if options else "defaults"
        print(f"| {name} | {original:.0f} | {chosen} | {ours:.0f} | {ours / original:.0f} |", flush=True)
    node.stop()
