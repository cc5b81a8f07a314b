"""What a record costs the database server: its processor time, rows read, log bytes and statements, of a purge against a node
that answers at once, and of pt-archiver on a table of the same content. Prints a Markdown table."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time

from servers import BIN, Server

NODE_SECRET = "bench"
url = None


def processor(pid):
    """Seconds of processor time that a server and its children have used."""
    total = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(entry) == pid or int(fields[1]) == pid:
            # Of those that have ended too.
            total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")


class Meter:
    """The differences of a server's counters over a piece of work."""

    def __init__(self, server):
        self.server, self.before = server, self.read(server)

    @staticmethod
    def read(server):
        if server.kind == "postgres":
            server.execute("SELECT pg_stat_clear_snapshot()")
            rows = server.execute(
                "SELECT COALESCE(SUM(COALESCE(idx_tup_fetch, 0) + seq_tup_read), 0) FROM pg_stat_user_tables")[0][0]
            wal = server.execute("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")[0][0]
            statements = server.execute("SELECT SUM(calls) FROM pg_stat_statements")[0][0]
        else:
            status = dict(server.execute("SHOW GLOBAL STATUS"))
            rows = sum(int(value) for name, value in status.items() if name.startswith("Handler_read"))
            wal, statements = int(status["Innodb_os_log_written"]), int(status["Questions"])
        return processor(server.pid), int(rows), int(wal), int(statements)

    def per_record(self, records):
        if self.server.kind == "postgres":
            time.sleep(2)
        after = self.read(self.server)
        return [(b - a) / records for a, b in zip(self.before, after)]


def line(what, records, seconds, figures):
    cpu, rows, log, statements = figures
    print(f"| {what} | {records:,} | {records / seconds:,.0f} | {cpu * 1000:.3f} | {rows:.1f} | {log:,.0f} | {statements:.2f} |",
          flush=True)


@contextlib.contextmanager
def node_url():
    """A storage node that answers at once."""
    global url
    node = subprocess.Popen([f"{BIN}/sync-sandbox", "node", "--secret", NODE_SECRET], stdout=subprocess.PIPE, text=True)
    url = node.stdout.readline().split()[-1]
    try:
        yield url
    finally:
        node.terminate()


def filled(kind, users):
    """A server with about 1.2 obsolete records for each of so many users, all on the one node."""
    folder = tempfile.mkdtemp(dir="/tmp", prefix="cost-")
    server = Server(kind, folder)
    subprocess.run(
        [f"{BIN}/sync-sandbox", "fill", server.url, "--users", str(users), "--malformed", "0", "--node", url],
        check=True, stdout=subprocess.DEVNULL,
    )
    server.analyze()
    # What the server does behind a load is not the purge's.
    time.sleep(5)
    return server


def measure(server, what, command, **environment):
    before = server.backlog()
    meter, began = Meter(server), time.monotonic()
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seconds = time.monotonic() - began
    figures = meter.per_record(1)
    records = before - server.backlog()
    if done.returncode != 0 or records == 0:
        sys.exit(f"{what} failed: {done.stdout}")
    line(f"{what} on {server.kind}", records, seconds, [figure / records for figure in figures])


def purge(server, what, *options):
    measure(
        server, what,
        [f"{BIN}/purge-old-records", "--oneshot", "--node-type", "mysql", "--database-url", server.url, *options],
        SYNC_MASTER_SECRET=NODE_SECRET,
    )


def beside_archiver(kinds, users):
    for kind in kinds:
        server = filled(kind, users)
        purge(server, "purge-old-records")
        server.stop()
        if kind == "postgres":
            continue
        for what, options in [("pt-archiver, row by row", []), ("pt-archiver, in bulk", ["--bulk-delete"])]:
            server = filled(kind, users)
            source = f"h=127.0.0.1,P={server.port},u=admin,p=admin,D=tokenserver,t=users,i=replaced_at_idx"
            measure(
                server, what,
                ["pt-archiver", "--source", source, "--purge", "--where", "replaced_at < UNIX_TIMESTAMP() * 1000 - 86400000",
                 "--limit", "100", "--commit-each", "--no-check-charset", *options],
            )
            server.stop()


def slope(kinds, sizes, limit):
    """So many records of small and of large backlogs."""
    for kind in kinds:
        for users in sizes:
            server = filled(kind, users)
            purge(server, f"{limit:,} of {server.backlog():,}", "--max-records", str(limit))
            server.stop()


if __name__ == "__main__":
    kinds = os.environ.get("KINDS", "mariadb mysql postgres").split()
    print("| | records | records/s | server CPU, ms | rows read | log, bytes | statements |\n|---|---|---|---|---|---|---|",
          flush=True)
    with node_url():
        if sys.argv[1] == "slope":
            slope(kinds, [int(users) for users in sys.argv[3:]], int(sys.argv[2]))
        else:
            beside_archiver(kinds, int(sys.argv[1]))
