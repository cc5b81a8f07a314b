"""Whole runs, against several kinds of nodes and databases, beside what a bare client and a bare DELETE reach."""

import datetime
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from nodes import SECRET, Hanging, Nginx, Sandbox
from servers import BIN, SERVICE, Server

BARE = "Benchmarks/.build/release/BareClient"
USERS = int(os.environ.get("USERS", 40_000))
KINDS = os.environ.get("KINDS", "sqlite mariadb postgres").split()
SCENES = os.environ.get("SCENES", "bare nodes latency neighbours pacing watched backlog parts").split()
BACKLOGS = [int(text) for text in os.environ.get("BACKLOGS", "50000 500000").split()]
ROW = "{:<34} {:<9} {:>8} {:>7} {:>7} {:>9} {:>8} {:>9}"


def title(text):
    print(f"\n{text}")
    print(ROW.format("", "database", "records", "seconds", "per s", "CPU/1000", "peak MiB", "queries/r"), flush=True)


class World:
    """A filled database on a server of its own."""

    def __init__(self, kind, urls, users=USERS):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        self.server = Server(kind, self.folder)
        nodes = [word for url in urls for word in ("--node", url)]
        subprocess.run(
            [f"{BIN}/sync-sandbox", "fill", self.server.url, "--users", str(users), "--malformed", "0", *nodes],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.server.analyze()

    def purge(self, *options):
        """One run: its summary, its log, and what it used."""
        before = self.server.statements()
        process = subprocess.Popen(
            [f"{BIN}/purge-old-records", "--oneshot", "--node-type", "mysql", "--database-url", self.server.url, *options],
            env={**os.environ, "SYNC_MASTER_SECRET": SECRET}, stderr=subprocess.PIPE, text=True,
        )
        log = [json.loads(line) for line in process.stderr]
        _, status, usage = os.wait4(process.pid, 0)
        summaries = [line for line in log if "stop_reason" in line]
        if not summaries or os.waitstatus_to_exitcode(status) not in (0, 3):
            raise SystemExit("the run failed:\n" + "\n".join(map(str, log[-5:])))
        summary = summaries[-1]
        after = self.server.statements()
        summary["queries"] = (after - before) / summary["records_deleted"] if after else None
        summary["cpu"] = usage.ru_utime + usage.ru_stime
        summary["peak"] = usage.ru_maxrss / 1024
        return summary, log

    def row(self, label, *options):
        summary, _ = self.purge(*options)
        records, seconds = summary["records_deleted"], summary["duration_s"]
        queries = "-" if summary["queries"] is None else f"{summary['queries']:.2f}"
        print(ROW.format(label, self.server.kind, records, f"{seconds:.1f}", f"{records / seconds:.0f}",
                         f"{summary['cpu'] / records * 1000:.2f}", f"{summary['peak']:.0f}", queries), flush=True)
        return summary

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def measured(label, kind, nodes, *options, users=USERS):
    world = World(kind, nodes.urls, users)
    try:
        return world.row(label, *options)
    finally:
        world.stop()


def bare():
    title("For scale: an HTTP client that does nothing else, and a DELETE of a thousand rows at a time")
    nodes = Nginx()
    for concurrency in (32, 64):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        per_second = int(subprocess.check_output(
            [BARE, nodes.urls[0], "--requests", "100000", "--concurrency", str(concurrency)]))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(ROW.format(f"bare client, {concurrency} at once, nginx", "-", 100_000, f"{100_000 / per_second:.1f}",
                         per_second, f"{cpu / 100:.2f}", "-", "-"), flush=True)
    for kind in KINDS:
        world = World(kind, nodes.urls)
        obsolete = [row[0] for row in world.server.execute("SELECT uid FROM users WHERE replaced_at IS NOT NULL")]
        began = time.perf_counter()
        if kind == "sqlite":
            import sqlite3

            connection = sqlite3.connect(world.server.url.removeprefix("sqlite://"), isolation_level=None)
        else:
            connection = world.server.connect()
        cursor = connection.cursor()
        for start in range(0, len(obsolete), 1000):
            some = ",".join(map(str, obsolete[start:start + 1000]))
            cursor.execute(f"DELETE FROM users WHERE service = {SERVICE} AND uid IN ({some})")
        seconds = time.perf_counter() - began
        print(ROW.format("bare DELETE", kind, len(obsolete), f"{seconds:.1f}", f"{len(obsolete) / seconds:.0f}",
                         "-", "-", "-"), flush=True)
        world.stop()
    nodes.stop()


def nodes():
    title("Nodes that answer at once")
    for kind in KINDS:
        for label, make, options in [
            ("nginx, defaults", Nginx, []),
            ("nginx, pages of 1000", Nginx, ["--max-per-loop", "1000"]),
            ("10 nodes, nginx", lambda: Nginx(10), []),
            ("200 nodes, nginx", lambda: Nginx(200), []),
            ("sandbox node, defaults", Sandbox, []),
        ]:
            server = make()
            measured(label, kind, server, *options)
            server.stop()


def latency():
    title("A node that takes its time")
    for kind in KINDS:
        for milliseconds, concurrency, users in [(5, 32, USERS // 2), (50, 32, USERS // 4), (50, 64, USERS)]:
            node = Sandbox("--latency", str(milliseconds))
            measured(f"{milliseconds} ms, --concurrency {concurrency}", kind, node, "--concurrency", str(concurrency), users=users)
            node.stop()


class Group:
    def __init__(self, *members):
        self.members = members
        self.urls = [url for member in members for url in member.urls]

    def stop(self):
        for member in self.members:
            member.stop()


def neighbours():
    """How fast the good nodes' records go, until the last of them is done, beside a bad node and beside a good one."""
    title("The other nodes beside a bad one: until their last record, in ten-thousand records")

    def others(label, group, bad):
        world = World("sqlite", group.urls, USERS // 2)
        began = time.time()
        _, log = world.purge("-v", "--request-timeout", "10")
        moments = [
            datetime.datetime.fromisoformat(line["timestamp"]).timestamp() for line in log
            if line["message"] == "Deleted a record" and line["node_id"] not in bad
        ]
        seconds = max(moments) - began
        rate = len(moments) / seconds
        print(ROW.format(label, "sqlite", len(moments), f"{seconds:.1f}", f"{rate:.0f}", "-", "-", "-"), flush=True)
        world.stop()
        group.stop()
        return rate

    for count, name, make in [(10, "hanging", Hanging), (200, "slow (2 s)", lambda: Sandbox("--latency", "2000"))]:
        good = others(f"{count - 1} of {count} nodes, all good", Group(Nginx(1, 22001), Nginx(count - 1)), {1})
        beside = others(f"{count - 1} beside one {name}", Group(make(), Nginx(count - 1)), {1})
        print(f"    {beside / good:.1%}", flush=True)


def pacing():
    title("Small nodes")
    for label, options, users in [
        ("saturates at 200/s (10 x 50 ms)", ["--latency", "50", "--workers", "10"], 5000),
        ("2 x 70 ms, errors above 8 at once", ["--latency", "70", "--workers", "2", "--fault", "status=500,above-concurrent=8"], 1000),
    ]:
        node = Sandbox(*options)
        measured(label, "sqlite", node, users=users)
        statistics = node.statistics()
        print(f"    the node: {json.dumps(statistics)[:300]}", flush=True)
        node.stop()


def watched():
    title("Being watched, 50 ms, 32 at once; the flood has the same cores")
    node = Sandbox("--latency", "50")
    listen = ["--concurrency", "32", "--listen", "21999"]
    measured("without --listen", "sqlite", node, "--concurrency", "32", users=12_000)
    measured("with --listen", "sqlite", node, *listen, users=12_000)
    flood = subprocess.Popen(["Scripts/flood", "http://127.0.0.1:21999/"], stdin=subprocess.PIPE)
    measured("with --listen, flooded", "sqlite", node, *listen, users=12_000)
    flood.stdin.close()
    flood.wait()
    node.stop()


def backlog():
    title("Small and large backlogs, 40,000 records of each")
    node = Nginx()
    for kind in KINDS:
        for users in BACKLOGS:
            measured(f"backlog of {users * 1.2:,.0f}", kind, node, "--max-records", "40000", users=users)
    node.stop()


def parts():
    subprocess.run(["swift", "package", "--package-path", "Benchmarks", "benchmark"], check=True)


for scene in SCENES:
    globals()[scene]()
