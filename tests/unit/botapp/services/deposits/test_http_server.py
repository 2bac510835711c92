"""The deposits' server: during a drain it leaves connections to the next process, on a port of its own if it can."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

from botapp.runtime.context import BotContext, ShopContext
from botapp.runtime.tasks import TaskRegistry
from botapp.services.deposits.http_server import DepositServer

_REQUEST = b"GET / HTTP/1.0\r\n\r\n"


class _Bot:
    def __init__(self) -> None:
        self.tasks = TaskRegistry()


async def _ask(address: Any) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(_REQUEST)
    answer = await reader.read()
    writer.close()
    return answer


async def _ask_soon(address: Any) -> bytes:
    while True:
        try:
            return await _ask(address)
        except ConnectionRefusedError:
            await asyncio.sleep(0.001)


def test_a_quiesced_bot_leaves_its_own_port_to_the_next_process() -> None:
    async def scene() -> None:
        bot = _Bot()
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = free.getsockname()
        server = DepositServer(cast(BotContext, bot), cast(ShopContext, None), address[1], b"key")
        server.start()
        assert (await _ask_soon(address)).startswith(b"HTTP/1.0 404")
        await bot.tasks.quiesce(5)
        with socket.create_server(address):
            pass
        bot.tasks.resume()
        assert (await _ask_soon(address)).startswith(b"HTTP/1.0 404")
        await bot.tasks.drain(5)
        assert (await _ask(address)).startswith(b"HTTP/1.0 404"), "its senders get an answer"
        await server.close()

    asyncio.run(asyncio.wait_for(scene(), 20))


def test_connections_wait_during_a_drain_and_are_served_afterwards() -> None:
    async def scene() -> None:
        bot = _Bot()
        with socket.create_server(("127.0.0.1", 0)) as passed:
            # nothing here reports a deposit, so no shop is needed
            server = DepositServer(cast(BotContext, bot), cast(ShopContext, None), 0, b"key", [passed])
            server.start()
            address = passed.getsockname()
            assert (await _ask(address)).startswith(b"HTTP/1.0 404")
            assert server.health()["is_healthy"]
            drained = await bot.tasks.drain(5)
            assert drained.cancelled == ()
            waiting = asyncio.create_task(_ask(address))  # not refused
            await asyncio.sleep(0.05)
            assert not waiting.done()
            bot.tasks.resume()
            assert (await waiting).startswith(b"HTTP/1.0 404")
            await bot.tasks.drain(5)
            await server.close()
            assert passed.fileno() >= 0  # still open: the supervisor may want it back

    asyncio.run(asyncio.wait_for(scene(), 20))
