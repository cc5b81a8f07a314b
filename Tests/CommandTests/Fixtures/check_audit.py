"""Checks audit logs and certificates by what docs/AUDIT.md says of them, with hashlib and OpenSSL alone.

usage: check_audit.py log PUBLIC-KEY FILE...          the files of one chain, oldest first
       check_audit.py certificate PUBLIC-KEY FILE
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile


def sha(data):
    return hashlib.sha256(data).digest()


def tree(leaves):
    """RFC 6962, 2.1."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha(b"\x01" + tree(leaves[:half]) + tree(leaves[half:]))


def climb(leaf, index, size, path):
    """RFC 6962, 2.1.1, read backwards: what the path says the root is."""
    if size == 1:
        assert not path, "the path is too long"
        return sha(b"\x00" + leaf)
    half = 1
    while half * 2 < size:
        half *= 2
    *rest, last = path
    if index < half:
        return sha(b"\x01" + climb(leaf, index, half, rest) + last)
    return sha(b"\x01" + last + climb(leaf, index - half, size - half, rest))


def is_signed(line, key):
    body, _, rest = line.partition(b',"signature":"')
    assert rest.endswith(b'"}'), line
    with tempfile.TemporaryDirectory() as folder:
        message, signature = os.path.join(folder, "message"), os.path.join(folder, "signature")
        open(message, "wb").write(body)
        open(signature, "wb").write(bytes.fromhex(rest[:-2].decode()))
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", message, "-sigfile", signature]
        return subprocess.run(command, capture_output=True).returncode == 0


def check_log(key, files):
    before, number, leaves, heads, chain = b"", 0, [], 0, None
    for file in files:
        data = open(file, "rb").read()
        assert data.endswith(b"\n"), "the last line has no end"
        for line in data[:-1].split(b"\n"):
            entry = json.loads(line)
            number += 1
            assert entry["seq"] == number, (entry["seq"], number)
            assert entry["prev"] == (sha(before).hex() if before else "0" * 64), number
            if entry["event"] == "begin":
                chain = chain or entry["chain"]
                assert entry["chain"] == chain
            if entry["event"] == "head":
                heads += 1
                assert entry["first"] == number - len(leaves) and entry["size"] == len(leaves), number
                assert entry["root"] == tree(leaves).hex(), number
                assert is_signed(line, key), number
                leaves = []
            else:
                leaves.append(sha(line))
            before = line
    assert not leaves, "lines under no head"
    print(f"{number} lines, {heads} heads, the last one {number}:{sha(before).hex()}")


def check_certificate(key, file):
    certificate = json.load(open(file))
    heads = [line.encode() for line in certificate["heads"]]
    assert all(is_signed(line, key) for line in heads)
    proofs = 0
    for deletion in certificate["deletions"]:
        assert deletion["evidence"]
        for evidence in deletion["evidence"]:
            assert json.loads(evidence["line"])["uid"] == deletion["uid"]
            proof, head = evidence["proof"], json.loads(heads[evidence["proof"]["head"]])
            path = [bytes.fromhex(text) for text in proof["path"]]
            assert climb(sha(evidence["line"].encode()), proof["index"], head["size"], path).hex() == head["root"]
            proofs += 1
    print(f"{proofs} proofs under {len(heads)} heads")


what, key, *files = sys.argv[1:]
check_log(key, files) if what == "log" else check_certificate(key, *files)
