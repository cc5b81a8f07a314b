"""How long logins wait beside a purge: 200 a second, of which every tenth changes the user's key and takes a slot of the node.
They come at fixed times, whether or not the last one has been answered. Prints a Markdown table."""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time

from cost import NODE_SECRET, filled, node_url
from servers import BIN

USERS = int(sys.argv[1])
SECONDS = float(sys.argv[2])
RATE, CLIENTS = 200, 20


class Logins:
    """Tokenserver's statements, from connections of their own."""

    def __init__(self, server):
        self.server, self.ended = server, threading.Event()
        self.looks, self.changes, self.errors = [], [], 0
        emails = [row[0] for row in server.execute("SELECT email FROM users WHERE replaced_at IS NULL LIMIT 5000")]
        self.service, self.node = server.execute("SELECT service, nodeid FROM users LIMIT 1")[0]
        began = time.monotonic() + 1
        self.threads = [threading.Thread(target=self.run, args=(number, began, emails)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()
        # What a new connection costs is nobody's business here.
        time.sleep(2)
        self.looks.clear()
        self.changes.clear()

    def run(self, number, began, emails):
        connection, turn = self.server.connect(), number
        chance = random.Random(number)
        while not self.ended.is_set():
            due = began + turn / RATE
            time.sleep(max(0, due - time.monotonic()))
            is_change = turn // CLIENTS % 10 == 0
            try:
                (self.change if is_change else self.look)(connection.cursor(), chance.choice(emails))
                (self.changes if is_change else self.looks).append(time.monotonic() - due)
            except Exception as error:  # noqa: BLE001
                self.errors += 1
                print(f"a login failed: {error}", file=sys.stderr)
            turn += CLIENTS

    def look(self, cursor, email):
        cursor.execute(
            "SELECT uid, nodeid, generation, keys_changed_at, client_state, created_at, replaced_at FROM users"
            " WHERE email = %s AND service = %s ORDER BY generation DESC, created_at DESC LIMIT 20", (email, self.service))
        cursor.fetchall()

    def change(self, cursor, email):
        """A new key: the user's records are replaced by a new one, in a slot of the node."""
        self.look(cursor, email)
        now = int(time.time() * 1000)
        cursor.execute("UPDATE nodes SET available = GREATEST(available - 1, 0), current_load = current_load + 1"
                       " WHERE id = %s", (self.node,))
        cursor.execute(
            "INSERT INTO users (service, email, nodeid, generation, keys_changed_at, client_state, created_at, replaced_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, NULL)", (self.service, email, self.node, now, now, "aa" * 16, now))
        cursor.execute("UPDATE users SET replaced_at = %s WHERE email = %s AND service = %s AND replaced_at IS NULL"
                       " AND created_at < %s", (now, email, self.service, now))

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def milliseconds(times, share):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0


def measure(kind, what, command, environment):
    server = filled(kind, USERS)
    logins = Logins(server)
    purge = command and subprocess.Popen([*other_core(), *command(server)], env={**os.environ, **environment}, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
    began = time.monotonic()
    before = server.backlog()
    while time.monotonic() < began + SECONDS and not (purge and purge.poll() is not None):
        time.sleep(0.5)
    seconds = time.monotonic() - began
    records = before - server.backlog()
    logins.end()
    if purge:
        purge.terminate()
        purge.wait()
    waits = server.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock%'") if kind != "postgres" else []
    print(f"{what}: row locks: {dict(waits)}", file=sys.stderr)
    both = logins.looks + logins.changes
    print(f"| {what} | {records / seconds:,.0f} | {milliseconds(both, 0.5):.1f} | {milliseconds(both, 0.99):.1f} | "
          f"{milliseconds(logins.looks, 0.99):.1f} | {milliseconds(logins.changes, 0.99):.1f} | {max(both) * 1000:.0f} | "
          f"{logins.errors} |", flush=True)
    server.stop()


def other_core():
    return ["taskset", "-c", "1"] if os.environ.get("APART") else []


def ours(*options):
    return lambda server: [f"{BIN}/purge-old-records", "--oneshot", "--node-type", "mysql", "--database-url", server.url, *options]


def archiver(*options):
    return lambda server: [
        "pt-archiver", "--source", f"h=127.0.0.1,P={server.port},u=admin,p=admin,D=tokenserver,t=users,i=replaced_at_idx", "--purge",
        "--where", "replaced_at < UNIX_TIMESTAMP() * 1000 - 86400000", "--limit", "100", "--commit-each", "--no-check-charset",
        *options]


if __name__ == "__main__":
    scenes = {
        "alone": None, "pt-archiver row by row": archiver(), "purge": ours(), "purge --max-rate 1000": ours("--max-rate", "1000"),
        "niced purge": lambda server: ["nice", "-n", "19", *ours()(server)],
    }
    wanted = os.environ.get("SCENES")
    # As if the database and the logins had a machine of their own: one core for them, the other for the purge and its node.
    apart = os.environ.get("APART")
    if apart:
        os.sched_setaffinity(0, {1})
    with node_url():
        if apart:
            os.sched_setaffinity(0, {0})
        print("| | records/s | p50, ms | p99 | p99 of look-ups | p99 of changes | longest | errors |", flush=True)
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for kind in os.environ.get("KINDS", "mariadb mysql postgres").split():
            for what, command in scenes.items():
                if (kind == "postgres" and "archiver" in what) or (wanted and what not in wanted.split(",")):
                    continue
                measure(kind, f"{kind}: {what}", command, {"SYNC_MASTER_SECRET": NODE_SECRET})
