"""Private database servers for measurements, set up as an operator would have them."""

import os
import subprocess
import time

import psycopg2
import pymysql

BIN = os.environ.get("BIN", ".build-release/release")
SERVICE = 4


class Server:
    """A private server with its own settings for durability, so that commits cost what they cost in earnest."""

    def __init__(self, kind, folder, *extra):
        self.kind = kind
        if kind == "sqlite":
            self.url = f"sqlite://{folder}/tokenserver.db"
            return
        # As much memory as an operator would give it; durability as it comes.
        options = {
            "mariadb": ["--innodb-buffer-pool-size=3G", "--innodb-log-file-size=1G"],
            "mysql": ["--innodb-buffer-pool-size=3G", "--innodb-redo-log-capacity=1G"],
            "postgres": ["-c", "shared_buffers=3GB", "-c", "shared_preload_libraries=pg_stat_statements"],
        }[kind]
        self.process = subprocess.Popen(
            ["Scripts/database-server", kind, folder, "--", *options, *extra],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.port, self.pid = map(int, self.process.stdout.readline().split()[1:3])
        scheme = "postgres" if kind == "postgres" else "mysql"
        self.url = f"{scheme}://admin:admin@127.0.0.1:{self.port}/tokenserver"
        self.connect("postgres" if kind == "postgres" else "mysql").cursor().execute("CREATE DATABASE tokenserver")
        if kind == "postgres":
            self.connect().cursor().execute("CREATE EXTENSION pg_stat_statements")

    def connect(self, database="tokenserver"):
        place = {"host": "127.0.0.1", "port": self.port, "user": "admin", "password": "admin", "database": database}
        if self.kind != "postgres":
            return pymysql.connect(autocommit=True, **place)
        connection = psycopg2.connect(**place)
        connection.autocommit = True
        return connection

    def execute(self, statement):
        if self.kind == "sqlite":
            import sqlite3

            with sqlite3.connect(self.url.removeprefix("sqlite://")) as connection:
                return connection.execute(statement).fetchall()
        cursor = self.connect().cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def statements(self):
        """How many statements all clients have executed so far."""
        if self.kind in ["mariadb", "mysql"]:
            return int(self.execute("SHOW GLOBAL STATUS LIKE 'Questions'")[0][1])
        if self.kind == "postgres":
            return int(self.execute("SELECT SUM(calls) FROM pg_stat_statements")[0][0])
        return 0

    def backlog(self):
        """How many records were replaced more than a day ago."""
        moment = int(time.time() * 1000) - 86_400_000
        return self.execute(f"SELECT COUNT(*) FROM users WHERE replaced_at < {moment}")[0][0]

    def analyze(self):
        self.execute({"mariadb": "ANALYZE TABLE users", "mysql": "ANALYZE TABLE users", "postgres": "VACUUM ANALYZE users", "sqlite": "ANALYZE"}[self.kind])

    def stop(self):
        if self.kind != "sqlite":
            self.process.stdin.close()
            self.process.wait()
