"""`python -m botapp.local_discord`: arguments, exit codes, signals."""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
from typing import Final, NoReturn

from botapp.config.loading import choose_language
from botapp.local_discord.ids import DEFAULT_TOKEN
from botapp.local_discord.supervised import GOODBYE_TIMEOUT_S, run_supervised
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.supervisor_link import report_exit
from supervisor.client import EXIT_BAD_CONFIG, LifeEnvironment

#: default port of the local Discord
DEFAULT_PORT: Final = 8099
_HOST: Final = "127.0.0.1"


def main() -> NoReturn:
    """Serve until SIGTERM or SIGINT, then exit with 0; exit with 78 if the port cannot be opened."""
    arguments = _parse(sys.argv[1:])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # simcord exercises discord.py at import time; discord.py's warnings about that mean nothing.
    logging.getLogger("discord").setLevel(logging.ERROR)
    environment = LifeEnvironment.read()
    if environment is not None:
        choose_language()  # `status` shows why this program ended
    try:
        # Listen before the slow imports: a taken port is reported at once, and early clients wait.
        listening = _listen(arguments.port)
    except OSError as error:
        reason = _port_error_text(arguments.port, error)
        print(reason, file=sys.stderr)
        if environment is not None:
            asyncio.run(report_exit(environment, EXIT_BAD_CONFIG, reason, timeout_s=GOODBYE_TIMEOUT_S))
        sys.exit(EXIT_BAD_CONFIG)
    # Importing discord.py creates no garbage; the collector would take a tenth of the start-up time.
    gc.disable()
    code = asyncio.run(_serve(listening, arguments.token, arguments.identify_limit))
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed; the interpreter's teardown would only take time.
    os._exit(code)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m botapp.local_discord", description="A local Discord on the loopback."
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port (default %(default)s; 0: any free one)")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="token the bot logs in with (default %(default)s)")
    parser.add_argument("--identify-limit", action="store_true", help="refuse two IDENTIFYs within 5 s")
    parsed = parser.parse_args(arguments)
    if not 0 <= parsed.port <= 65535:
        parser.error(f"--port takes 0 to 65535, not {parsed.port}")
    return parsed


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _port_error_text(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        text = _("cannot open port %(port)d: another program uses it; stop it, or choose another port with --port")
        return text % {"port": port}
    text = _("cannot open port %(port)d: %(problem)s; choose another port with --port")
    return text % {"port": port, "problem": os_error_text(error)}


async def _serve(listening: socket.socket, token: str, identify_limit: bool) -> int:
    from botapp.local_discord.server import Server

    gc.freeze()
    gc.enable()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = Server(token, identify_limit=identify_limit)
    await server.start(listening)
    print(f"local Discord: http://{_HOST}:{listening.getsockname()[1]}/", flush=True)
    environment = LifeEnvironment.read()
    if environment is None:
        await stopping.wait()
        await server.stop()
    else:
        await run_supervised(environment, server, stopping)
    return 0


if __name__ == "__main__":
    main()
