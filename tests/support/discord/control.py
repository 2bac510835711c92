"""The local Discord driven from a test: what members do, what they see, and faults on demand.

Synchronous, standard library only. Waiting is done by the server's event stream: nothing here sleeps or polls.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, TypeVar

from tests.support import python_process

Json = dict[str, Any]
T = TypeVar("T")


class Refused(AssertionError):
    """The local Discord refused: a real member could not have done that, or the request was wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class DiscordControl:
    """The control API of the local Discord at 127.0.0.1:`port`."""

    def __init__(self, port: int, *, timeout_s: float = 10.0) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.api_base = f"{self.url}/api/v10"
        self.gateway = f"ws://127.0.0.1:{port}/gateway"
        self._timeout_s = timeout_s
        self._hidden: set[str] = set()

    # ------------------------------------------------------------------------ doing

    def say(self, member: str, text: str, channel: str = "toko", *, files: dict[str, bytes] | None = None) -> str:
        """Write a message as a member; return its id. `channel` is `toko`, `admin`, `dm` or an id."""
        attached = [_file(name, data) for name, data in (files or {}).items()]
        return str(self._post("message", member=member, channel=channel, content=text, files=attached)["message_id"])

    def click(self, member: str, custom_id: str, *, message_id: str | None = None, channel: str = "toko") -> str:
        """Click a button, in the newest message that has it; return the interaction's id."""
        message_id = message_id or self.message_with(member, custom_id, channel)["id"]
        return self._begin("click", member=member, message_id=message_id, custom_id=custom_id)

    def select(self, member: str, custom_id: str, values: list[str], *, channel: str = "toko") -> str:
        """Choose in a list, in the newest message that has it; return the interaction's id."""
        message_id = self.message_with(member, custom_id, channel)["id"]
        return self._begin("select", member=member, message_id=message_id, custom_id=custom_id, values=values)

    def submit(self, member: str, interaction_id: str, values: dict[str, str]) -> str:
        """Send the form that an interaction opened; return the new interaction's id."""
        return self._begin("modal", member=member, interaction_id=interaction_id, values=values)

    def command(self, member: str, name: str, /, *, channel: str = "toko", **options: Any) -> str:
        """Use a slash command; return the interaction's id. An option that takes a file is its name and its bytes."""
        options = {name: _file(*value) if isinstance(value, tuple) else value for name, value in options.items()}
        return self._begin("command", member=member, channel=channel, name=name, options=options)

    def start_press(self, member: str, custom_id: str, **order: Any) -> str:
        """Click a button steadily (`rate_per_s`, `count`); return the press's id."""
        return str(self._post("press", member=member, custom_id=custom_id, **order)["press_id"])

    def press(self, press_id: str, *, wait_s: float = 0.0) -> Json:
        """Return the numbers of a press; with `wait_s`, wait until each click has failed or is finished."""
        return self.request("GET", f"/control/press/{press_id}?wait_s={wait_s}", wait_s=wait_s)

    def stop_press(self, press_id: str) -> Json:
        """End the clicks of a press; return its numbers."""
        return self.request("DELETE", f"/control/press/{press_id}")

    def post(
        self, content: str = "", *, embeds: list[Json] | None = None, channel: str = "toko", webhook: str = "Deposit"
    ) -> str:
        """Post through a webhook, as another program does; return the message's id."""
        fields = {"webhook": webhook, "channel": channel, "content": content, "embeds": embeds or []}
        return str(self._post("webhook", **fields)["message_id"])

    def edit(self, message_id: str, content: str) -> None:
        """Change a message, as its author does."""
        self.request("PATCH", f"/control/message/{message_id}", {"content": content})

    def join(self, member: str) -> str:
        """Let somebody new come into the guild; return the id."""
        return str(self._post("join", member=member)["member_id"])

    def delete_message(self, message_id: str) -> None:
        """Take a message away, as a moderator does."""
        self.request("DELETE", f"/control/message/{message_id}")

    # ---------------------------------------------------------------------- looking

    def view(self, member: str, channel: str = "toko") -> list[Json]:
        """Return the messages a member sees, oldest first."""
        messages: list[Json] = self.request("GET", f"/control/view?member={member}&channel={channel}")["messages"]
        return [message for message in messages if message["id"] not in self._hidden]

    def hide(self, messages: list[Json]) -> None:
        """Leave messages of an earlier test out of what members see."""
        self._hidden |= {message["id"] for message in messages}

    def message_with(self, member: str, custom_id: str, channel: str = "toko") -> Json:
        """Return the newest message with the button or list `custom_id`, as soon as the member sees one."""
        return self.wait_for_message(
            member, lambda message: any(one.get("custom_id") == custom_id for one in controls(message)), channel=channel
        )

    def interaction(self, interaction_id: str, *, wait_s: float = 0.0, until: str = "answer") -> Json:
        """Return how an interaction stands; with `wait_s`, wait for its `answer` or only its `ack`."""
        path = f"/control/interaction/{interaction_id}?wait_s={wait_s}&until={until}"
        return self.request("GET", path, wait_s=wait_s)

    def interactions(self, *, since: str = "0") -> Json:
        """Return who did what with the interactions after `since` (`interactions`), and their numbers (`summary`)."""
        return self.request("GET", f"/control/interactions?since={since}")

    def sessions(self) -> Json:
        """Return the gateway's sessions, and how many IDENTIFYs and RESUMEs there were."""
        return self.request("GET", "/control/sessions")

    def world(self) -> Json:
        """Return members, channels, commands and the number of the last event."""
        return self.request("GET", "/control/world")

    def events(self, *, since: int | None = None, timeout_s: float = 10.0) -> Iterator[Json]:
        """Yield events as they come, until `timeout_s` is over. Nothing is missed after `since`."""
        deadline = time.monotonic() + timeout_s
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request("GET", "/control/events" + ("" if since is None else f"?since={since}"))
            sock = connection.sock
            response = connection.getresponse()
            while (left_s := deadline - time.monotonic()) > 0:
                sock.settimeout(left_s)
                try:
                    line = response.readline()
                except TimeoutError:
                    return
                if not line:
                    raise AssertionError("the local Discord ended its event stream")
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        finally:
            connection.close()

    def wait_for(self, predicate: Callable[[], T], *, timeout_s: float = 10.0, what: str = "") -> T:
        """Return the first true result of `predicate`, asked now and after every event."""
        since = self.world()["last_seq"]
        if result := predicate():
            return result
        for _ in self.events(since=since, timeout_s=timeout_s):
            if result := predicate():
                return result
        raise AssertionError(f"not within {timeout_s:g} s: {what or getattr(predicate, '__name__', 'the condition')}")

    def wait_for_message(
        self, member: str, wanted: Callable[[Json], Any], *, channel: str = "toko", timeout_s: float = 10.0
    ) -> Json:
        """Return the newest message that `member` sees and `wanted` accepts, as soon as there is one."""

        def newest() -> Json | None:
            return next((one for one in reversed(self.view(member, channel)) if wanted(one)), None)

        message = self.wait_for(newest, timeout_s=timeout_s, what=f"{member} sees the message")
        assert message is not None
        return message

    def wait_for_shop(self) -> None:
        """Return when the bot's shop is open: then it shows the live message."""
        self.wait_for(
            lambda: any(message["author"].get("bot") and controls(message) for message in self.view("Budi")),
            what="the shop is open",
        )

    def wait_for_bot(self, *, timeout_s: float = 10.0) -> None:
        """Return when the bot's gateway session is open."""
        self.wait_for(
            lambda: any(session["connected"] for session in self.sessions()["sessions"]),
            timeout_s=timeout_s,
            what="the bot is connected",
        )

    # ----------------------------------------------------------------------- faults

    def faults(self, *routes: Json, **switches: Any) -> None:
        """Set faults for routes, and switches; docs/reference/local-discord.md lists all."""
        self._post("faults", **({"routes": list(routes)} if routes else {}), **switches)

    def no_faults(self) -> int:
        """Take all faults, switches and missing permissions back; return how many faults could still have applied."""
        return int(self.request("DELETE", "/control/faults")["unspent"])

    def deny(self, *permissions: str, channel: str = "toko") -> None:
        """Take permissions in a channel from the bot; without any: give all back."""
        self._post("permissions", channel=channel, deny=list(permissions))

    # ---------------------------------------------------------------------- the wire

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, *, wait_s: float = 0.0
    ) -> Json:
        """Return the JSON answer to a request that may take `wait_s`. Raises Refused for everything but 200."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=self._timeout_s + wait_s)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers or {})
            response = connection.getresponse()
            answer: Json = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise Refused(response.status, str(answer.get("error", answer)))
        return answer

    def _post(self, deed: str, /, **fields: Any) -> Json:
        return self.request("POST", f"/control/{deed}", fields)

    def _begin(self, deed: str, /, **fields: Any) -> str:
        return str(self._post(deed, **fields)["interaction_id"])


def controls(message: Json) -> list[Json]:
    """Return all components of a message, nested ones too."""
    found: list[Json] = []
    rest = list(message["components"])
    while rest:
        component = rest.pop(0)
        found.append(component)
        rest.extend(component.get("components", ()))
    return found


def _file(name: str, data: bytes) -> Json:
    return {"filename": name, "base64": base64.b64encode(data).decode()}


@contextmanager
def local_discord(*arguments: str, env: dict[str, str] | None = None) -> Iterator[DiscordControl]:
    """Run a local Discord of its own for a test, on a free port; it ends with the block."""
    words = ("--port", "0", *arguments)
    process = python_process.start("botapp.local_discord", *words, stdout=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    try:
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found is not None, "the local Discord did not start"
        yield DiscordControl(int(found[1]))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
