"""A web server of its own process that answers as told and prints every request as a line of JSON.

python receiver.py 200 500,500,200    the answers in order; the last one goes on for ever
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Receiver(BaseHTTPRequestHandler):
    answers: ClassVar = [int(code) for code in sys.argv[1].split(",")]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        seen = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}
        print(json.dumps(seen), flush=True)  # noqa: T201  this is how the test hears of it
        code = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(code)
        if code in {301, 302, 307}:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"heard\n")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  the library's name
        """Nothing but the requests is printed."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    print(server.server_address[1], flush=True)  # noqa: T201
    server.serve_forever()
