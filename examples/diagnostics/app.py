"""An application that says what it is doing: customers on PORT (8080), diagnostics on DIAGNOSTICS_PORT (6060) of the
loopback address alone, where nobody but its own pod can ask. No library is needed.

    python3 app.py
"""

import hashlib
import json
import os
import signal
import sys
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


STARTED_AT = now()
CONFIG = {"currency": os.environ.get("CURRENCY", "EUR"), "retries": 3}
ERRORS = []
LOCK = threading.Lock()


def remember(error):
    """The last errors, the same ones counted together, the newest first. Messages are ours: no data of customers."""
    kind, message = type(error).__name__, str(error)[:500] or "no message"
    with LOCK:
        known = next((e for e in ERRORS if (e["kind"], e["message"]) == (kind, message)), None)
        if known:
            ERRORS.remove(known)
        ERRORS.insert(0, {"at": now(), "kind": kind, "message": message, "count": (known["count"] if known else 0) + 1})
        del ERRORS[50:]


def info():
    text = json.dumps(CONFIG, sort_keys=True).encode()
    return {
        "name": "ledger",
        "version": os.environ.get("VERSION", "1.4.2"),
        "startedAt": STARTED_AT,
        "configHash": hashlib.sha256(text).hexdigest()[:12],
    }


def health():
    threads = threading.active_count()
    check = {"name": "threads", "status": "ok" if threads < 200 else "degraded", "detail": f"{threads} threads"}
    return {"status": check["status"], "checks": [check]}


def errors():
    with LOCK:
        return {"errors": list(ERRORS)}


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, content_type, body):
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Diagnostics(Handler):
    ANSWERS = {"/debug/info": info, "/debug/health": health, "/debug/errors": errors}

    def do_GET(self):
        answer = self.ANSWERS.get(self.path)
        if answer:
            self.answer(200, "application/json", json.dumps(answer()).encode())
        else:
            self.answer(404, "text/plain", b"")


class Customers(Handler):
    def do_GET(self):
        try:
            if self.path != "/":
                raise LookupError("no such account")
            self.answer(200, "text/plain", b"ledger\n")
        except LookupError as error:
            remember(error)
            self.answer(404, "text/plain", b"")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    diagnostics = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("DIAGNOSTICS_PORT", "6060"))), Diagnostics)
    threading.Thread(target=diagnostics.serve_forever, daemon=True).start()
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Customers).serve_forever()


if __name__ == "__main__":
    main()
