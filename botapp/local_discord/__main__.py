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
from botapp.local_discord.supervised import give_reason, live
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from supervisor.client import LifeEnvironment

#: where the local Discord is, unless told otherwise
DEFAULT_PORT: Final = 8099
_HOST: Final = "127.0.0.1"
_BAD_CONFIGURATION: Final = 78


def main() -> NoReturn:
    """Serve until SIGTERM or SIGINT, then end with 0; with 78 when the port cannot be had."""
    arguments = _parse(sys.argv[1:])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # simcord tries discord.py out when it is imported; what discord.py says about that concerns nobody.
    logging.getLogger("discord").setLevel(logging.ERROR)
    surroundings = LifeEnvironment.read()
    if surroundings is not None:
        choose_language()  # `status` shows why this program ended
    try:
        # Before the imports that take long: a port that is taken is told at once, and who connects early waits.
        listening = _listen(arguments.port)
    except OSError as error:
        reason = _why_not(arguments.port, error)
        print(reason, file=sys.stderr)
        if surroundings is not None:
            asyncio.run(give_reason(surroundings, _BAD_CONFIGURATION, reason))
        sys.exit(_BAD_CONFIGURATION)
    # Importing discord.py makes no garbage worth looking for; the collector would cost a tenth of the start.
    gc.disable()
    code = asyncio.run(_serve(listening, arguments.token, arguments.identify_limit))
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is closed; the interpreter's own clean-up would only cost time.
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


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        text = _("cannot open port %(port)d: another program has it; end that one, or choose another with --port")
        return text % {"port": port}
    text = _("cannot open port %(port)d: %(problem)s; choose another with --port")
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
    surroundings = LifeEnvironment.read()
    if surroundings is None:
        await stopping.wait()
        await server.stop()
    else:
        await live(surroundings, server, stopping)
    return 0


if __name__ == "__main__":
    main()
