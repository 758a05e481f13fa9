"""A server that builds its SQL of what it is told, for sqlmap to find out."""

import http.server
import json
import sqlite3
import urllib.parse


class Weak(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        asked = urllib.parse.parse_qs(url.query).get("id") or [urllib.parse.unquote(url.path.rsplit("/", 1)[-1])]
        self.answer(asked[0])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.answer(json.loads(body)["id"])
        except (ValueError, KeyError, TypeError) as err:
            self.reply(400, str(err))

    def answer(self, asked):
        db = sqlite3.connect(":memory:")
        db.executescript("CREATE TABLE books (id, title); INSERT INTO books VALUES ('3', 'Networks'), ('4', 'Systems');")
        try:
            rows = db.execute("SELECT title FROM books WHERE id = '%s'" % asked).fetchall()
            self.reply(200 if rows else 404, json.dumps(rows))
        except sqlite3.Error as err:
            self.reply(500, str(err))

    def reply(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Weak)
print(server.server_address[1], flush=True)
server.serve_forever()
