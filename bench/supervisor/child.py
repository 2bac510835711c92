"""The child of `make bench-supervisor`. Its first action is to write a line, so that its own start takes little time.

With BENCH_NOTIFY it connects to the control socket, is ready at once, and sends a heartbeat every ten seconds.
"""

import os

fd = os.open(os.environ["BENCH_LINES"], os.O_WRONLY)
os.write(fd, b"born %d\n" % os.getpid())


def serve() -> None:
    """Talk to the supervisor until it is gone."""
    import json
    import select
    import socket

    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.environ["STOCKSUP_SOCKET"])

        def send(**message: object) -> None:
            sock.sendall(json.dumps({"v": 1, "id": 1, **message}).encode() + b"\n")

        life = int(os.environ["STOCKSUP_LIFE"])
        send(op="hello", program=os.environ["STOCKSUP_PROGRAM"], life=life, pid=os.getpid())
        send(op="ready")
        rest = b""
        while True:
            if not select.select([sock], [], [], 10.0)[0]:
                send(op="heartbeat", health={"gateway": {"is_healthy": True, "latency_ms": 30}})
                continue
            if not (data := sock.recv(65536)):
                return
            *lines, rest = (rest + data).split(b"\n")
            for message in map(json.loads, lines):
                if "op" in message:
                    send(id=message["id"], ok=True)
                if message.get("op") == "welcome":
                    os.write(fd, b"welcome %d\n" % os.getpid())
                if message.get("op") == "drain":
                    send(op="drained")


if os.environ.get("BENCH_NOTIFY"):
    import signal
    import time

    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    while True:
        try:
            serve()
        except OSError:
            time.sleep(0.02)  # the supervisor was killed, and the next one is starting
while True:
    import signal

    signal.pause()
