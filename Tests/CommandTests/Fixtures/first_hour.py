"""Follows docs/FIRST-HOUR.md as somebody would who reads it: with a MariaDB, an nginx with TLS and a path prefix, a storage node
behind it, and the files of deploy/compose; and makes each of its mistakes. Knows of the program only what the page says.

usage: first_hour.py REPOSITORY PROGRAMS FOLDER
"""

import getpass
import os
import re
import subprocess
import sys

import yaml

repository, programs, folder = sys.argv[1:]
sys.dont_write_bytecode = True
sys.path.insert(0, f"{repository}/Scripts/deploy")
from machine import Machine, free_port, listens, make_certificates, run, wait

document = open(f"{repository}/docs/FIRST-HOUR.md").read()
node_port, tls_port, plain_port, rewriting_port = (free_port() for _ in range(4))


def section(heading):
    """The page's blocks below a heading: a list of (language, text)."""
    text = re.split(r"^#+ ", document, flags=re.M)
    found = [part for part in text if part.startswith(heading)]
    assert len(found) == 1, f"no section {heading!r}"
    return re.findall(r"^```(\w+)\n(.*?)^```", found[0], flags=re.M | re.S)


def blocks(heading, language):
    found = [text for kind, text in section(heading) if kind == language]
    assert found, f"no {language} below {heading!r}"
    return found


def here(text):
    """The page's places, as they are in this test."""
    for there, ours in [
        ("/etc/purge-old-records", f"{folder}/etc"),
        ("/var/lib/purge-old-records", f"{folder}/var"),
        ("/usr/bin/purge-old-records", f"{programs}/purge-old-records"),
        ("127.0.0.1:3306", f"127.0.0.1:{server.port}"),
        ("127.0.0.1:8000", f"127.0.0.1:{node_port}"),
        ("http://sync.example.com:80", f"http://localhost:{plain_port}"),
        ("https://sync.example.com", f"https://localhost:{tls_port}"),
    ]:
        text = text.replace(there, ours)
    return text


def expect(output, shown):
    """That each line which the page shows is in the output, in that order; … stands for anything."""
    at = 0
    for line in here(shown).splitlines():
        pattern = ".*".join(re.sub(r"(\\ )+", r"\\s+", re.escape(part.strip())) for part in line.split("…"))
        match = re.compile(pattern).search(output, at)
        assert match, f"the page shows, and the program does not say:\n  {line}\nbut:\n{output}"
        at = match.end()


def shell(script, check=True, **variables):
    """A user's shell, in which the program is installed."""
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": folder, **variables}
    done = subprocess.run(
        ["bash", "-c", "set -e\n" + script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert not check or done.returncode == 0, f"{script}\nended with {done.returncode}:\n{done.stdout}"
    return done.stdout, done.returncode


def start_proxy(machine):
    make_certificates(folder)
    (location,) = blocks("The secret is not the one", "nginx")
    location = here(location)
    careless = re.sub(r"^\s*proxy_set_header.*\n", "", location, flags=re.M)
    assert careless.count("\n") == location.count("\n") - 2
    tls = "ssl_certificate server.pem; ssl_certificate_key server.key;"
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    account = "user root;" if os.getuid() == 0 else ""
    open(f"{folder}/nginx.conf", "w").write(f"""
daemon off; {account} pid {folder}/nginx.pid; error_log {folder}/nginx.err; worker_processes 1;
events {{}}
http {{
    access_log off; {temporary}
    server {{ listen 127.0.0.1:{tls_port} ssl; {tls} {location} }}
    server {{ listen 127.0.0.1:{rewriting_port} ssl; {tls} {careless} }}
    server {{ listen 127.0.0.1:{plain_port}; return 301 https://localhost:{tls_port}$request_uri; }}
}}
""")
    machine.start(f"{repository}/.build/unpacked/usr/sbin/nginx", "-e", f"{folder}/nginx.err", "-p", folder, "-c", f"{folder}/nginx.conf")
    wait("nginx", lambda: listens(tls_port))


def deleted():
    """How many deletions the node has carried out, and how many records are gone."""
    return server.sql("SELECT COUNT(*) FROM users", database="tokenserver").strip(), open(f"{folder}/node.log").read().count(
        '"performed":true'
    )


def first_hour(machine):
    global server
    server = machine.start_database()

    # What compose does: its secrets, its databases, Tokenserver's tables, its privileges.
    run("cp", "-r", f"{repository}/deploy/compose", f"{folder}/compose")
    run("rm", "-rf", f"{folder}/compose/secrets")
    run(f"{folder}/compose/make-secrets")
    secrets = {name: open(f"{folder}/compose/secrets/{name}").read() for name in os.listdir(f"{folder}/compose/secrets")}
    server.sql(secrets["databases.sql"])
    owner = re.search(r"mysql://(sync:\w+)@database:3306/tokenserver", secrets["syncserver.toml"])[1]
    node_url = here("https://sync.example.com/sync")
    machine.fill(f"mysql://{owner}@127.0.0.1:{server.port}/tokenserver", "--node", node_url, "--users", "300", "--malformed", "0")
    services = yaml.safe_load(open(f"{folder}/compose/compose.yaml"))["services"]
    grants = services["grants"]["entrypoint"][-1].replace("$$", "$").replace("/run/secrets", f"{folder}/compose/secrets")
    grants = grants.replace("/grants.sql", f"{folder}/compose/grants.sql")
    shell(grants.replace("--host=database", f"--no-defaults --host=127.0.0.1 --port={server.port}"))

    machine.start_node(node_port, secrets["master-secret"], "--base-path", "/sync", "--public-url", node_url,
                       "--log", f"{folder}/node.log")
    open(f"{folder}/node.log", "a").close()
    start_proxy(machine)

    # The page's own statements say what compose's do.
    (statements,) = blocks("2. A user", "sql")
    stated = {line for line in statements.splitlines() if line.startswith("GRANT")}
    assert stated == {line.strip() for line in open(f"{folder}/compose/grants.sql") if line.startswith("GRANT")}, stated

    account = {"ACCOUNT": getpass.getuser()}
    password = re.search(r"purge:(\w+)@", secrets["purge-database-url"])[1]
    shell(here(blocks("1. Install", "sh")[0]), **account)
    shell(here(blocks("3. Two files", "sh")[0]), PASSWORD=password, MASTER_SECRET=secrets["master-secret"], **account)
    assert oct(os.stat(f"{folder}/etc/master-secret").st_mode)[-3:] == "600"

    authority = {"SSL_CERT_FILE": f"{folder}/ca.pem"}
    mistakes(here(blocks("6. Purge a few", "sh")[0]))
    before, gone = deleted(), 0
    for heading, limit in [("4. Look", 0), ("5. Rehearse", 0), ("6. Purge a few", 25), ("7. Purge the rest", None)]:
        (command,) = blocks(heading, "sh")
        expect(shell(here(command), **authority)[0], blocks(heading, "text")[0])
        gone = deleted()[1]
        assert gone == limit or limit is None and gone > 100, f"{heading}: {gone} were deleted"
        assert limit != 0 or deleted() == before, f"{heading} changed something"
    look = shell(here(blocks("4. Look", "sh")[0]))[0]
    assert "othing" in look, look

    # What compose would start: the same, as a service.
    arguments = " ".join(f"'{argument}'" for argument in services["purge-old-records"]["command"])
    for there, ours in [("/run/secrets", f"{folder}/compose/secrets"), ("/run/purge", f"{folder}/compose/pause"),
                        ("0.0.0.0:9090", "0")]:
        arguments = arguments.replace(there, ours)
    url = f"{folder}/compose/secrets/purge-database-url"
    os.chmod(url, 0o600)
    open(url, "w").write(secrets["purge-database-url"].replace("database:3306", f"127.0.0.1:{server.port}"))
    log = f"{folder}/service.log"
    service = machine.start("bash", "-c", f"exec purge-old-records {arguments}", stderr=open(log, "w"),
                            env={"PATH": f"{programs}:/usr/bin:/bin", **authority})
    wait("the service's first run", lambda: '"stop_reason":"complete"' in open(log).read(), 60)
    assert machine.stop(service) == 0

    cron(authority)


def mistakes(command):
    authority = {"SSL_CERT_FILE": f"{folder}/ca.pem"}
    before = deleted()

    def wrong(heading, number=0, change=None, command=command, **variables):
        old = server.sql("SELECT node FROM nodes", database="tokenserver").strip()
        if change:
            server.sql(f"UPDATE nodes SET node = '{change}'", database="tokenserver")
        # The page shows what a terminal does.
        output, code = shell(command, check=False, SYNC_HUMAN_LOGS="true", **variables)
        server.sql(f"UPDATE nodes SET node = '{old}'", database="tokenserver")
        assert code in (1, 3), (heading, code, output)
        expect(ordered(output), blocks(heading, "text")[number])
        assert deleted() == before, f"{heading}: something was deleted"

    secret = open(f"{folder}/etc/master-secret").read()
    open(f"{folder}/etc/master-secret", "w").write(secret[:-1])
    wrong("The secret is not the one", **authority)
    open(f"{folder}/etc/master-secret", "w").write(secret)
    wrong("The secret is not the one", change=f"https://localhost:{rewriting_port}/sync", **authority)
    wrong("The node's URL says", change=f"http://localhost:{plain_port}/sync", **authority)
    wrong("The proxy's certificate")

    url = open(f"{folder}/etc/database-url").read()
    open(f"{folder}/etc/database-url", "w").write(url.replace("/tokenserver", "/syncstorage"))
    wrong("The wrong database", **authority)
    server.sql("GRANT SELECT ON syncstorage.* TO 'purge'@'%'")
    wrong("The wrong database", 1, **authority)
    open(f"{folder}/etc/database-url", "w").write(url)
    server.sql("REVOKE UPDATE (available, current_load) ON tokenserver.nodes FROM 'purge'@'%'")
    wrong("The user lacks a privilege", **authority)
    server.sql("GRANT UPDATE (available, current_load) ON tokenserver.nodes TO 'purge'@'%'")


def ordered(output):
    """The log first, as it comes on a terminal: both streams are one file here."""
    return "\n".join(sorted(output.splitlines(), key=lambda line: line.startswith(("Run ended", "  "))))


def cron(authority):
    """What cron does with its line: a shell with next to no environment."""
    entry = next(line for line in open(f"{repository}/deploy/cron/purge-old-records") if "--oneshot" in line)
    server.sql("UPDATE users SET replaced_at = 1000 WHERE replaced_at IS NULL LIMIT 7", database="tokenserver")
    command = here(re.sub(r"^(\S+\s+){6}", "", entry))
    command = command.replace("--oneshot", "--oneshot --node-type mysql")
    run("mkdir", "-p", f"{folder}/bin")
    open(f"{folder}/bin/logger", "w").write(f"#!/bin/sh\ncat >>{folder}/syslog\n")
    os.chmod(f"{folder}/bin/logger", 0o755)
    done = subprocess.run(["/bin/bash", "-c", command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": folder, **authority})
    # No mail if all is well.
    assert done.returncode == 0 and done.stdout == "", done.stdout
    assert "purge_last_run_exit_code 0" in open(f"{folder}/var/purge-old-records.prom").read()
    assert "Run ended" in open(f"{folder}/syslog").read()
    run("chmod", "000", f"{folder}/etc/master-secret")
    os.rename(f"{folder}/etc/master-secret", f"{folder}/etc/gone")
    done = subprocess.run(["/bin/bash", "-c", command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": folder, **authority})
    assert "ended with code" in done.stdout, done.stdout


with Machine(programs, folder) as machine:
    first_hour(machine)
print("the page is true")
