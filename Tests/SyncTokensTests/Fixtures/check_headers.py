"""Checks signed requests as a storage node would, with tokenlib and hawkauthlib.

Takes the path of a JSON file with a list of cases; prints {"checked": n, "failures": [...]}, of failures the first ten.
"""

import json
import sys
from urllib.parse import unquote, urlsplit

import hawkauthlib
import tokenlib


def environ(case, **changes):
    """What a WSGI server makes of the request: nothing in it comes from the signer's own parsing of the URL."""
    url = urlsplit(case["url"])
    result = {
        "REQUEST_METHOD": case["method"],
        "wsgi.url_scheme": url.scheme,
        "HTTP_HOST": url.netloc,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or {"http": 80, "https": 443}[url.scheme]),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, encoding="latin-1"),
        "QUERY_STRING": url.query,
        "HTTP_AUTHORIZATION": case["authorization"],
    }
    result.update(changes)
    return result


def accepted(case, request):
    """Whether a node with the case's secret serves the request."""
    token = hawkauthlib.get_id(request)
    if token is None:
        return False
    try:
        tokenlib.parse_token(token, secret=case["secret"], now=case["now"])
    except ValueError:
        return False
    key = tokenlib.get_derived_secret(token, secret=case["secret"])
    return hawkauthlib.check_signature(request, key, nonces=False)


def replaced(text, index):
    return text[:index] + ("A" if text[index] != "A" else "B") + text[index + 1 :]


def tampered(case):
    """The case's request, altered in every way that must be noticed."""
    header = case["authorization"]
    index = case["tamper"]
    yield "token", environ(case, HTTP_AUTHORIZATION=replaced(header, header.index('id="') + 4 + index))
    yield "mac", environ(case, HTTP_AUTHORIZATION=replaced(header, header.index('mac="') + 5 + index))
    yield "nonce", environ(case, HTTP_AUTHORIZATION=replaced(header, header.index('nonce="') + 7))
    yield "ts", environ(case, HTTP_AUTHORIZATION=header.replace('ts="', 'ts="1'))
    yield "method", environ(case, REQUEST_METHOD="GET" if case["method"] != "GET" else "PUT")
    yield "path", environ(case, PATH_INFO=environ(case)["PATH_INFO"] + "0")
    yield "query", environ(case, QUERY_STRING="x=1")
    yield "host", environ(case, HTTP_HOST="other." + urlsplit(case["url"]).netloc)
    host, port = urlsplit(case["url"]).hostname, int(environ(case)["SERVER_PORT"])
    yield "port", environ(case, HTTP_HOST="%s:%d" % ("[%s]" % host if ":" in host else host, port % 65535 + 1))


def ordered(claims):
    """The claims as Tokenserver builds them: JSON from another program keeps neither their order nor `.0`."""
    names = ("uid", "node", "fxa_uid", "fxa_kid", "salt", "expires")
    return {name: float(claims[name]) if name == "expires" else claims[name] for name in names}


def problems(case):
    claims = ordered(case["claims"])
    request = environ(case)
    token = hawkauthlib.get_id(request)
    if token is None:
        yield "there is no id"
        return
    manager = tokenlib.TokenManager(secret=case["secret"])
    if manager.make_token(claims) != token:
        yield "tokenlib makes another token"
    if manager.parse_token(token, now=case["now"]) != claims:
        yield "the claims differ"
    if manager.get_derived_secret(token) != case["hawk_key"]:
        yield "the key differs"
    if not accepted(case, request):
        yield "the request is refused"
    for what, request in tampered(case):
        if accepted(case, request):
            yield "an altered %s is accepted" % what


def main():
    with open(sys.argv[1], encoding="utf8") as file:
        cases = json.load(file)
    failures = []
    for number, case in enumerate(cases):
        failures += ["case %d: %s (%s)" % (number, problem, case["url"]) for problem in problems(case)]
    print(json.dumps({"checked": len(cases), "failures": failures[:10]}))


main()
