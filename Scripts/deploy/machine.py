"""What the scripts that try a deployment share: processes on loopback with their data in one folder, ended when the script ends."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time

REPOSITORY = os.path.realpath(f"{os.path.dirname(__file__)}/../..")


# So that what was started is ended then, too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait(what, is_there, seconds=30.0):
    """Until it is there; else the script ends."""
    deadline = time.monotonic() + seconds
    while not (found := is_there()):
        if time.monotonic() > deadline:
            sys.exit(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)
    return found


def run(*command, **options):
    """A command's standard output; the script ends if the command fails."""
    options = {"stdout": subprocess.PIPE, "text": True, **options}
    done = subprocess.run([str(word) for word in command], **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stdout}")
    return done.stdout


class Machine:
    def __init__(self, programs, folder):
        self.programs = programs
        self.folder = folder
        self.children = []

    def start(self, *command, **options):
        child = subprocess.Popen([str(word) for word in command], **options)
        self.children.append(child)
        return child

    def start_database(self, kind="mariadb", *options):
        """A server of its own, with a superuser admin whose password is admin."""
        server = self.start(
            f"{REPOSITORY}/Scripts/database-server", kind, f"{self.folder}/{kind}", "--temporary", *options,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        words = server.stdout.readline().split()
        if len(words) != 3:
            sys.exit(f"{kind} did not start")
        return Database(int(words[1]), int(words[2]))

    def start_node(self, port, secret, *options):
        node = self.start(
            f"{self.programs}/sync-sandbox", "node", "--secret", secret, "--port", port, *options, stdout=subprocess.DEVNULL
        )
        wait("the storage node", lambda: listens(port))
        return node

    def fill(self, url, *options):
        run(f"{self.programs}/sync-sandbox", "fill", url, *options)

    def stop(self, child):
        """Ends it by SIGTERM, and returns its exit code."""
        child.terminate()
        with contextlib.suppress(Exception):
            child.stdin.close()
        try:
            return child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in reversed(self.children):
            if child.poll() is None:
                self.stop(child)


class Database:
    """A MariaDB or MySQL server."""

    def __init__(self, port, pid):
        self.port = port
        self.pid = pid

    def sql(self, statements, database="", user="admin", password="admin"):
        return run(
            "mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={self.port}", f"--user={user}", f"--password={password}",
            "--skip-ssl", "--skip-column-names", "--batch", *([database] if database else []), input=statements,
        )

    def url(self, database, user="admin", password="admin"):
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"


def certificate(folder, *arguments):
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", *arguments,
        stderr=subprocess.DEVNULL, cwd=folder,
    )


def make_certificates(folder):
    """ca.pem, and server.pem with server.key for localhost."""
    certificate(folder, "-subj", "/CN=An authority of our own", "-keyout", "ca.key", "-out", "ca.pem",
                "-addext", "basicConstraints=critical,CA:TRUE")
    certificate(folder, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.pem", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost")


def version():
    """The program's, as the sources have it."""
    return re.search(r"(?m)^## (\d+\.\d+\.\d+)", open(f"{REPOSITORY}/CHANGELOG.md").read())[1]
