"""Lets the program work on a large table while the server logs every statement with its plan; prints them as Markdown."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from servers import BIN, Server

USERS = sys.argv[1]
HEAD = """# Query plans

How the servers carried out each of the program's statements, made by `Benchmarks/plans` from what the servers
themselves logged while the program reported, rehearsed and purged. Half of the obsolete records have one and the same
`replaced_at`, and a part lies on a downed node. Of several executions of one statement, the one that examined the most rows
is shown; values are `?`, lists of them `(…)`. The two counts are those beside a run, with a time limit of their own.
"""


TAG = "/* purge-old-records */"


def shape(statement):
    """The statement without its values."""
    text = statement.replace(TAG, "")
    text = re.sub(r"'[^']*'|\$\d+|\b\d+\b", "?", text)
    text = re.sub(r"\(\?(, ?\?)+\)|\(\?\)", "(…)", text)
    text = re.sub(r"FIELD\(u.email(, \?)+\)", "FIELD(u.email, …)", text)
    text = re.sub(r"(\(\?, CAST\(\? AS TEXT\)\))(, \(\?, CAST\((\?|NULL) AS TEXT\)\))+", r"\1, …", text)
    text = re.sub(r"(\(u.email = \?[^)]*\))( OR \(u.email[^)]*\))+", r"\1 OR …", text)
    return re.sub(r"\s+", " ", text).strip().rstrip(";")


def mariadb_plans(log):
    """(statement, plan, rows examined) for each entry of the slow query log."""
    for entry in re.split(r"(?=# User@Host)", log):
        examined = re.search(r"Rows_examined: (\d+)", entry)
        plan = [line[len("# explain: "):] for line in entry.splitlines() if line.startswith("# explain: ")]
        statement = "\n".join(
            line for line in entry.splitlines() if not line.startswith(("#", "SET timestamp", "use "))
        )
        if examined and plan and TAG in statement:
            yield statement, "\n".join(plan), int(examined[1])


def mysql_plans(log):
    """The same for MySQL, which logs no plans: the statement stands for its plan."""
    for entry in re.split(r"(?=# User@Host)", log):
        examined = re.search(r"Rows_examined: (\d+)", entry)
        statement = "\n".join(
            line for line in entry.splitlines() if not line.startswith(("#", "SET timestamp", "use "))
        ).strip().rstrip(";")
        first = re.sub(r"/\*.*?\*/\s*", "", statement)
        if examined and TAG in statement and first.startswith(("SELECT", "UPDATE", "DELETE")):
            yield statement, statement, int(examined[1])


def explained(server, statement):
    """MySQL's plan, which is made anew."""
    rows = server.execute("EXPLAIN FORMAT=TREE " + statement)
    return "\n".join(re.sub(r"\(cost=[^)]*\)|'\[[^']*\]'", lambda m: "" if m[0][0] == "(" else "'[…]'", line)[:200].rstrip()
                     for line in rows[0][0].splitlines())


def postgres_plans(log):
    """The same for what auto_explain wrote."""
    for entry in re.findall(r"LOG:  duration: [^\n]* plan:\n((?:\t.*\n)+)", log):
        lines = [line[1:] for line in entry.splitlines()]
        start = next((i for i, line in enumerate(lines) if "(cost=" in line), len(lines))
        statement = " ".join(lines[:start]).removeprefix("Query Text: ")
        plan = [line for line in lines[start:] if not re.search(r"Filter: \(|^\s*(Planning|Query Identifier)", line)]
        plan = [re.sub(r"cost=\S+ ", "", re.sub(r"'\{[^']*\}'", "'{…}'", line)) for line in plan]
        rows = sum(int(a) * int(b) for a, b in re.findall(r"\(actual (?:time=\S+ )?rows=(\d+) loops=(\d+)", "\n".join(plan)))
        rows += sum(int(a) for a in re.findall(r"Rows Removed by \w+[^:]*: (\d+)", entry))
        if any(word in statement for word in ["users", "nodes", "services"]):
            yield statement, "\n".join(line[:160] for line in plan), rows


LOGGING = {
    "mariadb": lambda folder: [
        "--slow-query-log", "--long-query-time=10", "--log-slow-verbosity=explain",
        f"--slow-query-log-file={folder}/slow.log",
    ],
    "mysql": lambda folder: [
        "--slow-query-log=1", "--long-query-time=10", f"--slow-query-log-file={folder}/slow.log",
    ],
    "postgres": lambda folder: [
        "-c", "shared_preload_libraries=auto_explain,pg_stat_statements", "-c", "auto_explain.log_analyze=on",
        "-c", "auto_explain.log_buffers=on", "-c", "auto_explain.log_timing=off",
        "-c", "auto_explain.log_nested_statements=off",
    ],
}

print(HEAD)
node = subprocess.Popen([f"{BIN}/sync-sandbox", "node", "--secret", "bench"], stdout=subprocess.PIPE, text=True)
url = node.stdout.readline().split()[-1]
try:
    for kind in ["mariadb", "mysql", "postgres"]:
        folder = tempfile.mkdtemp(dir="/tmp", prefix="plans-")
        server = Server(kind, folder, *LOGGING[kind](folder))
        subprocess.run(
            [f"{BIN}/sync-sandbox", "fill", server.url, "--users", USERS, "--malformed", "1", "--node", url,
             "--same-moment", "50", "--gone-nodes", "1", "--on-downed", "5",
             "--downed-node", url.replace("127.0.0.1", "localhost")],
            check=True, stdout=sys.stderr,
        )
        server.analyze()
        version = server.execute("SELECT VERSION()")[0][0]
        rows = server.execute("SELECT COUNT(*) FROM users")[0][0]
        backlog = server.execute("SELECT COUNT(*) FROM users WHERE replaced_at IS NOT NULL")[0][0]
        if kind != "postgres":
            server.execute("SET GLOBAL long_query_time = 0")
        else:
            server.execute("ALTER DATABASE tokenserver SET auto_explain.log_min_duration = 0")
        # The whole backlog is read first, by a report and a dry run; then some of it is purged.
        for command in [
            ["backlog"],
            ["--oneshot", "--dryrun", "--order", "deleted-first"],
            ["--oneshot", "--max-records", "5000", "--max-offset", "5000"],
            ["--oneshot", "--max-records", "5000", "--order", "deleted-first"],
        ]:
            secret = {} if command == ["backlog"] else {"SYNC_MASTER_SECRET": "bench"}
            subprocess.run(
                [f"{BIN}/purge-old-records", *command, "--node-type", "mysql", "--database-url", server.url],
                env={**os.environ, **secret}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False,
            )
        log = open(f"{folder}/{'server' if kind == 'postgres' else 'slow'}.log", errors="replace").read()
        worst = {}
        parser = {"mariadb": mariadb_plans, "mysql": mysql_plans, "postgres": postgres_plans}[kind]
        for statement, plan, examined in parser(log):
            key = shape(statement)
            if key not in worst or worst[key][1] < examined:
                worst[key] = (plan, examined)
        print(f"\n## {version.split(' on ')[0]}: {rows:,} rows in users, {backlog:,} of them replaced")
        for key, (plan, examined) in sorted(worst.items()):
            if kind == "mysql":
                plan = explained(server, plan)
            print(f"\n```sql\n{key}\n```\n\nAt most {examined:,} rows:\n\n```\n{plan}\n```")
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
finally:
    node.terminate()
