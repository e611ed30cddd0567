"""A local HTTP server that replies as it is told, well or badly."""

import http.server
from collections import Counter
from collections.abc import Callable, Iterable

NAME = "trilotropicos.csv"
Body = bytes | Callable[[], Iterable[bytes]]


class Server(http.server.ThreadingHTTPServer):
    """Serves scripted replies: path to a list of (status, body, bytes withheld at the end).

    A body that is a function gives pieces, of a length that is not told. With a status of 3xx
    the body is the place that the reply points to.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: dict[str, list[tuple[int, Body, int]]] = {}
        self.hits: Counter[str] = Counter()

    def serve(self, folder: str, *replies: tuple, name: str = NAME) -> str:
        """Reply so, each time with the next one; gives the folder's URL."""
        self.replies[f"/{folder}/{name}"] = [(*reply, 0)[:3] for reply in replies]
        return f"http://127.0.0.1:{self.server_port}/{folder}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        replies = self.server.replies.get(self.path, [(404, b"", 0)])
        status, body, withheld = replies[min(self.server.hits[self.path], len(replies) - 1)]
        self.server.hits[self.path] += 1
        self.send_response(status)
        if callable(body):
            self.end_headers()
            self._stream(body())
            return
        if 300 <= status < 400:
            self.send_header("Location", body.decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) - withheld])

    def _stream(self, pieces: Iterable[bytes]) -> None:
        try:
            for piece in pieces:
                self.wfile.write(piece)
        except ConnectionError:  # the client has had enough
            pass

    def log_message(self, *_: object) -> None:
        pass
