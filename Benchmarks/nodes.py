"""Storage nodes for measurements: the sandbox's, nginx that answers at once, and one that hangs."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from servers import BIN

SECRET = "bench"

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; events {{ worker_connections 8192; }}
http {{
    access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{first}-{last} reuseport;
        add_header X-Weave-Timestamp $msec always; add_header X-Last-Modified 0.00 always;
        default_type application/json;
        return 200 '{{}}';
    }}
}}
"""


class Sandbox:
    """A storage node that verifies what it is sent."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [f"{BIN}/sync-sandbox", "node", "--secret", SECRET, *options], stdout=subprocess.PIPE, text=True
        )
        self.urls = [self.process.stdout.readline().split()[-1]]

    def statistics(self):
        with urllib.request.urlopen(f"{self.urls[0]}/__sandbox__/stats") as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Nginx:
    """Answers every request at once with what a storage node would say; one URL for each port."""

    def __init__(self, count=1, first=21001):
        self.folder = tempfile.mkdtemp(prefix="bench-nginx-")
        with open(f"{self.folder}/conf", "w") as file:
            file.write(NGINX.format(folder=self.folder, first=first, last=first + count - 1))
        self.process = subprocess.Popen(
            [".build-release/nginx/usr/sbin/nginx", "-p", self.folder, "-e", f"{self.folder}/error.log",
             "-c", f"{self.folder}/conf"]
        )
        self.urls = [f"http://127.0.0.1:{port}" for port in range(first, first + count)]
        while True:
            try:
                socket.create_connection(("127.0.0.1", first + count - 1)).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("nginx did not start")
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Hanging:
    """Takes connections and never answers."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.urls = [f"http://127.0.0.1:{self.socket.getsockname()[1]}"]

    def stop(self):
        self.socket.close()
