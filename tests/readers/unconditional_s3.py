"""An S3 server that ignores the conditions of requests, as some do that speak S3."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

IGNORED = ("if-match", "if-none-match")


class UnconditionalS3:
    """Hands every request on to another server, without its conditions."""

    def __init__(self, server):
        self.server = server
        self.proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler(urlsplit(server.endpoint).netloc))
        self.endpoint = f"http://127.0.0.1:{self.proxy.server_port}"
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()

    def stop(self):
        self.proxy.shutdown()
        self.proxy.server_close()

    def environment(self):
        return {**self.server.environment(), "AWS_ENDPOINT_URL": self.endpoint}

    def client(self):
        return self.server.client()


def handler(address):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def hand_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in IGNORED}
            connection = http.client.HTTPConnection(address)
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            # The answer to HEAD says how long the object is, and has no body.
            length = response.getheader("Content-Length") if self.command == "HEAD" else len(content)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = hand_on

    return Handler
