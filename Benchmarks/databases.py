"""Purges large backlogs on each kind of database, and prints a table of what it took.

Two worlds: in "ties" half of the backlog has one and the same replaced_at; in "downed" nine tenths of it, and the
oldest, lie on a node that is down at first. Beside the purge of "ties" a second client does what Tokenserver does.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from servers import BIN, SERVICE, Server

USERS = sys.argv[1]


class Tokenserver(threading.Thread):
    """A second client: logins, new records, replaced ones, retirements."""

    def __init__(self, server, emails):
        super().__init__()
        self.server, self.emails = server, emails
        self.ending = threading.Event()
        self.slowest, self.count, self.deadlocks, self.errors = {}, 0, 0, []

    def run(self):
        cursor = self.server.connect().cursor()
        moment = int(time.time() * 1000)
        while not self.ending.is_set():
            email = random.choice(self.emails)
            moment += 1
            for name, statement, values in [
                ("look up", "SELECT uid, nodeid, generation, client_state, created_at, replaced_at FROM users"
                 " WHERE email = %s AND service = %s ORDER BY created_at DESC, uid DESC LIMIT 20", (email, SERVICE)),
                ("allocate", "UPDATE nodes SET current_load = current_load + 1, available = available - 1"
                 " WHERE service = %s AND id = 1", (SERVICE,)),
                ("insert", "INSERT INTO users (service, email, generation, client_state, created_at, nodeid,"
                 " keys_changed_at) VALUES (%s, %s, %s, %s, %s, 1, %s)",
                 (SERVICE, email, moment, f"{random.getrandbits(128):032x}", moment, moment)),
                ("replace", "UPDATE users SET replaced_at = %s WHERE service = %s AND email = %s"
                 " AND replaced_at IS NULL AND created_at < %s", (moment, SERVICE, email, moment)),
                ("retire", "UPDATE users SET replaced_at = %s, generation = 9223372036854775807 WHERE service = %s"
                 " AND email = %s AND replaced_at IS NULL", (moment, SERVICE, email)),
            ]:
                if name == "retire" and random.random() > 0.1:
                    continue
                began = time.perf_counter()
                try:
                    cursor.execute(statement, values)
                except Exception as error:
                    text = str(error)
                    if "1213" in text or "deadlock" in text:
                        self.deadlocks += 1
                    else:
                        self.errors.append(text)
                took = (time.perf_counter() - began) * 1000
                self.slowest[name] = max(self.slowest.get(name, 0), took)
                self.count += 1

    def report(self, when):
        self.ending.set()
        self.join()
        slowest = ", ".join(f"{name} {took:.0f}" for name, took in self.slowest.items())
        print(f"    second client {when}: {self.count} statements, slowest in ms: {slowest};"
              f" {self.deadlocks} deadlocks, {len(self.errors)} other errors {self.errors[:1]}", flush=True)


def purge(server, label, records_of):
    before = server.statements()
    process = subprocess.Popen(
        [f"{BIN}/purge-old-records", "--oneshot", "--node-type", "mysql", "--database-url", server.url],
        env={**os.environ, "SYNC_MASTER_SECRET": "bench"}, stderr=subprocess.PIPE, text=True,
    )
    log = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    summaries = [line for line in map(json.loads, log.splitlines()) if "stop_reason" in line]
    if not summaries or os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"the run failed:\n{log}")
    records, seconds = summaries[-1]["records_deleted"], summaries[-1]["duration_s"]
    after = server.statements()
    queries = f"{(after - before) / records:.3f}" if after and records_of is None else "-"
    print(f"{server.kind:<9} {label:<26} {records:>9} {seconds:>9.1f} {records / seconds:>8.0f} {queries:>9}"
          f" {usage.ru_maxrss:>9} {usage.ru_utime + usage.ru_stime:>8.1f}", flush=True)


def fill(server, *options):
    subprocess.run(
        [f"{BIN}/sync-sandbox", "fill", server.url, "--users", USERS, "--malformed", "0", "--node", url, *options],
        check=True, stdout=sys.stderr,
    )
    server.analyze()


def left(server):
    count = server.execute(f"SELECT COUNT(*) FROM users WHERE replaced_at < {int(time.time() * 1000) - 86_400_000}")
    return count[0][0]


node = subprocess.Popen(
    [f"{BIN}/sync-sandbox", "node", "--secret", "bench"], stdout=subprocess.PIPE, text=True,
)
url = node.stdout.readline().split()[-1]
print(f"{'database':<9} {'world':<26} {'records':>9} {'seconds':>9} {'per_s':>8} {'queries/r':>9} {'peak_KiB':>9} {'cpu_s':>8}")
try:
    for kind in os.environ.get("KINDS", "sqlite mariadb postgres").split():
        for world in os.environ.get("WORLDS", "ties downed").split():
            folder = tempfile.mkdtemp(dir="/tmp", prefix="bench-")
            server = Server(kind, folder)
            if world == "ties":
                fill(server, "--same-moment", "50")
                if kind == "sqlite":
                    purge(server, "ties", None)
                else:
                    emails = [row[0] for row in server.execute(
                        "SELECT email FROM users WHERE replaced_at IS NOT NULL LIMIT 20000")]
                    client = Tokenserver(server, emails)
                    client.start()
                    time.sleep(20)
                    client.report("alone for 20 s")
                    # A first part with a second client, the rest alone, for the figures.
                    client = Tokenserver(server, emails)
                    client.start()
                    subprocess.run(
                        [f"{BIN}/purge-old-records", "--oneshot", "--node-type", "mysql", "--database-url", server.url,
                         "--max-records", str(int(USERS) // 20)],
                        env={**os.environ, "SYNC_MASTER_SECRET": "bench"}, stderr=subprocess.DEVNULL, check=True,
                    )
                    client.report("beside a purge")
                    purge(server, "ties", None)
            else:
                fill(server, "--on-downed", "90", "--downed-node", url.replace("127.0.0.1", "localhost"))
                purge(server, "nine tenths on a downed node", None)
                if "NODE_STAYS_DOWN" not in os.environ:
                    server.execute("UPDATE nodes SET downed = 0")
                    purge(server, "the same, node up again", None)
            print(f"    purgeable records left: {left(server)}", flush=True)
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)
finally:
    node.terminate()
