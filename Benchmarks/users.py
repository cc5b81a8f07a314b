"""How long a node's own users wait beside a purge: they come by themselves, at random moments and whether or not the last one has been
answered, and take a quarter, half or nine tenths of the node. Prints a Markdown table."""

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request

from nodes import SECRET, Sandbox
from servers import BIN

SECONDS = float(sys.argv[1])
# More than this, a client in Python can't be trusted to send in time.
MOST = 600
LOADS = (0.25, 0.5, 0.9)
# Workers, and what an answer takes on average, in milliseconds.
NODES = ((1, 5), (1, 50), (10, 50), (100, 50))


class Users:
    """Requests at random moments, over as many connections as are needed."""

    def __init__(self, port, rate):
        self.port, self.rate, self.idle, self.times, self.errors = port, rate, [], [], 0

    async def one(self, due):
        try:
            reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /1.5/1/storage/bookmarks/1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length"))
            await reader.readexactly(length)
            self.idle.append((reader, writer))
            self.times.append(time.monotonic() - due)
        except Exception:  # noqa: BLE001
            self.errors += 1

    async def come(self, seconds):
        self.times, self.errors = [], 0
        chance, due, tasks = random.Random(1), time.monotonic(), set()
        end = due + seconds
        while due < end:
            await asyncio.sleep(max(0, due - time.monotonic()))
            task = asyncio.create_task(self.one(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            due += chance.expovariate(self.rate)
        await asyncio.gather(*tasks)
        if self.errors:
            raise SystemExit(f"{self.errors} requests of users failed")
        times = sorted(self.times)
        return times[int(len(times) * 0.99)]


def confirmed(node):
    return node.statistics()["counters"]["deletesConfirmed"]


def measure(workers, latency, load, urgency):
    """The slowest hundredth of the users' requests alone and beside the purge, and the purge's rate."""
    node = Sandbox()
    # Uniform between half and three halves.
    plan = {"latency": latency - latency // 2, "jitter": latency // 2 * 2, "workers": workers}
    request = urllib.request.Request(f"{node.urls[0]}/__sandbox__/faults", json.dumps(plan).encode(), method="PUT")
    urllib.request.urlopen(request).read()
    users = Users(int(node.urls[0].rsplit(":", 1)[1]), load * workers / latency * 1000)

    async def both():
        alone = await users.come(SECONDS)
        with tempfile.TemporaryDirectory(prefix="bench-users-") as folder:
            url = f"sqlite://{folder}/sync.db"
            count = int(workers / latency * 1000 * (SECONDS * 2 + 10) / 1.1) + 500
            subprocess.run(
                [f"{BIN}/sync-sandbox", "fill", url, "--node", node.urls[0], "--users", str(count), "--malformed", "0"], check=True,
                stdout=subprocess.DEVNULL,
            )
            purge = subprocess.Popen(
                [f"{BIN}/purge-old-records", "--oneshot", "--node-type", "mysql", "--database-url", url, "--urgency", urgency],
                env={"SYNC_MASTER_SECRET": SECRET}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            try:
                # It finds its pace first.
                await users.come(10)
                before, began = confirmed(node), time.monotonic()
                beside = await users.come(SECONDS)
                rate = (confirmed(node) - before) / (time.monotonic() - began)
                if purge.poll() is not None:
                    raise SystemExit("the purge came to its end")
            finally:
                purge.kill()
                purge.wait()
        return alone, beside, rate

    try:
        return asyncio.run(both())
    finally:
        node.stop()


print("| node | users take | p99 alone, beside `low` | alone, beside `high` | of what users leave, `low`; `high` get |")
print("|---|---|---|---|---|")
for workers, latency in NODES:
    capacity = workers / latency * 1000
    for load in LOADS:
        if load * capacity > MOST:
            continue
        cells, shares = [], []
        for urgency in ("low", "high"):
            alone, beside, rate = measure(workers, latency, load, urgency)
            cells.append(f"{alone * 1000:.0f}, {beside * 1000:.0f} ms ({beside / alone:.2f})")
            shares.append(f"{rate / (capacity * (1 - load)):.0%}")
        name = f"{workers} worker{'s' if workers > 1 else ''} of {latency} ms"
        print(f"| {name} | {load:.0%} | {' | '.join(cells)} | {'; '.join(shares)} |", flush=True)
