# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Hugging Face hub on 127.0.0.1 with small repositories, which can misbehave on request."""

import hashlib
import http.server
import json
import re
import threading


def git_sha1(contents):
    return hashlib.sha1(b"blob %d\0" % len(contents) + contents).hexdigest()


class FakeHub:
    """repositories: {"ORG/REPO": {"file": bytes}}. Files above `lfs_bytes` are LFS files."""

    COMMIT = "c0ffee" * 6 + "c0ff"

    def __init__(self, repositories, lfs_bytes=1000):
        self.repositories = repositories
        self.lfs_bytes = lfs_bytes
        self.requests = []  # (path, Range header or None, body bytes sent)
        self.cuts = {}  # file name -> list of body lengths after which a connection breaks
        self.statuses = {}  # file name -> HTTP status instead of the file
        self.announced = {}  # file name -> contents whose digests the API announces
        self.ignores_range = False
        self.redirects = False
        self.hold = None  # file name: its transfer stops in the middle until `released`
        self.held = threading.Event()
        self.released = threading.Event()
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                hub.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *arguments: None  # clients that end in the middle
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def sent(self, name):
        """Body bytes sent of a file, in all."""
        return sum(count for path, _, count in self.requests if path.endswith("/" + name))

    def ranges(self, name):
        return [ranges for path, ranges, _ in self.requests if path.endswith("/" + name)]

    def answer(self, handler):
        path = handler.path.split("?")[0]
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", path)
        file = re.fullmatch(r"/(cdn/)?([^/]+/[^/]+)/resolve/([^/]+)/([^/]+)", path)
        if api and api[1] in self.repositories:
            self.send(handler, 200, {}, json.dumps(self.describe(api[1])).encode())
        elif file and self.redirects and not file[1]:
            self.send(handler, 302, {"Location": "/cdn" + path}, b"moved")
        elif file and file[4] in self.repositories.get(file[2], {}):
            self.send_file(handler, file[4], self.repositories[file[2]][file[4]])
        else:
            self.send(handler, 404, {}, b"Entry not found")

    def describe(self, repository):
        siblings = []
        for name, contents in self.repositories[repository].items():
            contents = self.announced.get(name, contents)
            entry = {"rfilename": name, "size": len(contents), "blobId": git_sha1(contents)}
            if len(contents) > self.lfs_bytes:
                digest = hashlib.sha256(contents).hexdigest()
                entry["lfs"] = {"sha256": digest, "size": len(contents), "pointerSize": 130}
            siblings.append(entry)
        return {"id": repository, "sha": self.COMMIT, "siblings": siblings}

    def send(self, handler, status, headers, body):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        self.requests.append((handler.path, handler.headers.get("Range"), len(body)))

    def send_file(self, handler, name, contents):
        if name in self.statuses:
            self.send(handler, self.statuses[name], {}, b"no")
            return
        ranges = handler.headers.get("Range")
        begin = int(re.fullmatch(r"bytes=(\d+)-", ranges)[1]) if ranges else 0
        partial = ranges and not self.ignores_range
        body = contents[begin:] if partial else contents
        handler.send_response(206 if partial else 200)
        if partial:
            handler.send_header("Content-Range", f"bytes {begin}-{len(contents) - 1}/{len(contents)}")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        cut = self.cuts[name].pop(0) if self.cuts.get(name) else len(body)
        self.requests.append((handler.path, ranges, min(cut, len(body))))
        if self.hold == name:
            handler.wfile.write(body[: cut // 2])
            self.held.set()
            self.released.wait()
            body, cut = body[cut // 2:], cut - cut // 2
        try:
            handler.wfile.write(body[:cut])
        except OSError:
            pass  # the client was ended on purpose
        if cut < len(body):
            handler.close_connection = True
