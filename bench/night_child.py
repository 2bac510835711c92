"""The life that `make bench-supervisor` kills: its first deed is a line, so that what is measured is whoever starts it.

Says hello at the door if there is one (BENCH_LINK), is ready at once, and sends a heartbeat every ten seconds.
"""

import os

fd = os.open(os.environ["BENCH_LINES"], os.O_WRONLY)
os.write(fd, b"born %d\n" % os.getpid())


def main() -> None:
    """Be a life with a link."""
    import json
    import select
    import socket
    import time

    program, life = os.environ["STOCKSUP_PROGRAM"], int(os.environ["STOCKSUP_LIFE"])
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(os.environ["STOCKSUP_SOCKET"])
        except OSError:
            time.sleep(0.02)
            continue

        def say(message: dict[str, object], sock: socket.socket = sock) -> None:
            sock.sendall(json.dumps({"v": 1, "id": 1, **message}).encode() + b"\n")

        say({"op": "hello", "program": program, "life": life, "pid": os.getpid()})
        say({"op": "ready"})
        rest = b""
        while True:
            if not select.select([sock], [], [], 10.0)[0]:
                say({"op": "heartbeat", "health": {"gateway": {"is_healthy": True, "latency_ms": 30}}})
                continue
            try:
                data = sock.recv(65536)
            except OSError:
                break
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for message in map(json.loads, lines):
                if "op" in message:
                    say({"id": message["id"], "ok": True})
                if message.get("op") == "welcome":
                    os.write(fd, b"welcome %d\n" % os.getpid())
                if message.get("op") == "drain":
                    say({"op": "drained"})


if os.environ.get("BENCH_LINK"):
    import signal

    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    main()
while True:
    import signal

    signal.pause()
