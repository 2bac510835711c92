"""The local Discord, driven by a real discord.py client over the loopback."""

from __future__ import annotations

import asyncio
import io
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import discord
import pytest
import yarl
from discord.ext import commands

from botapp.local_discord import ids
from tests.support import python_process
from tests.support.discord.control import DiscordControl, Refused, controls, local_discord

T = TypeVar("T")


class Panel(discord.ui.View):
    """Buttons that answer in every way there is."""

    def __init__(self, bot: Bot) -> None:
        super().__init__(timeout=None)
        self.bot = bot

    @discord.ui.button(label="Defer", custom_id="defer")
    async def defer(self, interaction: discord.Interaction, button: discord.ui.Button[Panel]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.bot.gate()
        await interaction.followup.send(f"for {interaction.user.name} in {interaction.locale}", ephemeral=True)

    @discord.ui.button(label="Update", custom_id="update")
    async def update(self, interaction: discord.Interaction, button: discord.ui.Button[Panel]) -> None:
        button.disabled = True
        await interaction.response.edit_message(content="updated", view=self)

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, button: discord.ui.Button[Panel]) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Late", custom_id="late")
    async def late(self, interaction: discord.Interaction, button: discord.ui.Button[Panel]) -> None:
        await self.bot.gate()
        await self.bot.expect_error(interaction.response.send_message("too late"))

    @discord.ui.button(label="Twice", custom_id="twice")
    async def twice(self, interaction: discord.Interaction, button: discord.ui.Button[Panel]) -> None:
        await interaction.response.send_message("once")
        # As a second process would, which knows nothing of the first answer.
        again = discord.Interaction(data=self.bot.raw[interaction.id], state=self.bot._connection)
        await self.bot.expect_error(again.response.defer())

    @discord.ui.select(
        custom_id="choice", options=[discord.SelectOption(label="Kopi"), discord.SelectOption(label="Teh")]
    )
    async def choice(self, interaction: discord.Interaction, select: discord.ui.Select[Panel]) -> None:
        await interaction.response.send_message(f"chose {select.values[0]}", ephemeral=True)
        await interaction.edit_original_response(content=f"chose {select.values[0]}, noted")


class Form(discord.ui.Modal, title="Order"):
    amount: discord.ui.TextInput[Form] = discord.ui.TextInput(label="Amount", custom_id="amount", max_length=3)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"ordered {self.amount.value}")


class Bot(commands.Bot):
    """A bot in a thread of its own, so that a test can wait for what it does."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        # There is one guild: nothing to wait for once it is there.
        super().__init__("!", intents=intents, guild_ready_timeout=0.05)
        self.seen: list[str] = []
        self.raw: dict[int, Any] = {}
        self.refusals: Future[int] = Future()
        self.connected: Future[None] = Future()
        self.over: Future[BaseException | None] = Future()
        self._publish_opened = threading.Event()
        self._publish_opened.set()
        self._runner = asyncio.Runner()
        self._own_loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._live)
        parse = self._connection.parsers["INTERACTION_CREATE"]

        def keep_raw(data: Any) -> None:
            self.raw[int(data["id"])] = data
            parse(data)

        self._connection.parsers["INTERACTION_CREATE"] = keep_raw

    async def setup_hook(self) -> None:
        @self.command()
        async def panel(ctx: commands.Context[Bot]) -> None:
            await ctx.send("panel", embed=discord.Embed(title="Stock"), view=Panel(self))

        @self.tree.command(description="greets")
        async def greet(interaction: discord.Interaction, name: str) -> None:
            await interaction.response.send_message(f"hello {name}", ephemeral=True)

        await self.tree.sync()

    async def on_ready(self) -> None:
        if not self.connected.done():
            self.connected.set_result(None)

    async def on_message(self, message: discord.Message) -> None:
        self.seen.append(message.content)
        await self.process_commands(message)

    async def expect_error(self, answer: Coroutine[Any, Any, Any]) -> None:
        try:
            await answer
        except discord.HTTPException as error:
            self.refusals.set_result(error.code)

    def hold(self) -> None:
        """Let handlers wait from here on, until `release`."""
        self._publish_opened.clear()

    def release(self) -> None:
        self._publish_opened.set()

    async def gate(self) -> None:
        await asyncio.to_thread(self._publish_opened.wait, 10)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the bot's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._own_loop).result(10)

    def shop(self) -> discord.TextChannel:
        channel = self.get_channel(ids.LIVE_CHANNEL_ID)
        assert isinstance(channel, discord.TextChannel)
        return channel

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.release()
        if not self.over.done():
            asyncio.run_coroutine_threadsafe(self.close(), self._own_loop)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _live(self) -> None:
        with self._runner as runner:
            try:
                runner.run(self.start(ids.DEFAULT_TOKEN))
                self.over.set_result(None)
            except Exception as error:  # noqa: BLE001 (the test looks at it)
                self.over.set_result(error)
            finally:
                runner.run(self.close())


@pytest.fixture(scope="module")
def server() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


@pytest.fixture
def town(server: DiscordControl, monkeypatch: pytest.MonkeyPatch) -> Iterator[DiscordControl]:
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway))
    yield server
    server.no_faults()


@pytest.fixture
def bot(town: DiscordControl) -> Iterator[Bot]:
    bot = Bot()
    bot.begin()
    bot.connected.result(10)
    yield bot
    bot.end()


@pytest.fixture
def panel(town: DiscordControl, bot: Bot) -> str:
    """A message with all buttons; its id."""
    asked = int(town.say("Budi", "!panel"))
    known = town.wait_for_message("Budi", lambda message: message["content"] == "panel" and int(message["id"]) > asked)
    return str(known["id"])


def test_a_bot_logs_in_and_sees_the_guild(town: DiscordControl, bot: Bot) -> None:
    (guild,) = bot.guilds
    assert (guild.id, guild.name, guild.owner_id) == (ids.GUILD_ID, "Toko Demo", ids.ADMIN_ID)
    assert bot.user is not None
    assert bot.user.id == ids.BOT_ID
    assert bot.application is not None
    assert bot.application.owner.id == ids.ADMIN_ID
    assert {channel.id for channel in guild.text_channels} == set(ids.CHANNELS.values())


def test_a_message_goes_to_the_bot_and_an_answer_comes_back(town: DiscordControl, bot: Bot, panel: str) -> None:
    assert "!panel" in bot.seen
    shown = town.view("Sari")[-1]
    assert shown["id"] == panel
    assert shown["author_name"] == ids.BOT_NAME
    assert shown["embeds"][0]["title"] == "Stock"
    assert [one["custom_id"] for one in controls(shown) if one["type"] == 2][:2] == ["defer", "update"]


def test_defer_then_follow_up_is_seen_by_its_member_only(town: DiscordControl, bot: Bot, panel: str) -> None:
    bot.hold()
    clicked = town.click("Budi", "defer", message_id=panel)
    thinking = town.interaction(clicked, wait_s=4, until="ack")
    assert thinking["state"] == "deferred"
    assert thinking["messages"][0]["loading"]
    assert 0 <= thinking["ack_ms"] < 3000
    bot.release()
    done = town.interaction(clicked, wait_s=4)
    assert done["state"] == "answered"
    assert [message["content"] for message in done["messages"]] == ["for Budi in id"]
    answer = done["messages"][0]["id"]
    assert answer in [message["id"] for message in town.view("Budi")]
    assert answer not in [message["id"] for message in town.view("Sari")]


def test_a_button_can_be_switched_off_in_its_message(town: DiscordControl, bot: Bot, panel: str) -> None:
    clicked = town.click("Budi", "update", message_id=panel)
    assert town.interaction(clicked, wait_s=4)["state"] == "answered"
    shown = next(message for message in town.view("Sari") if message["id"] == panel)
    assert shown["content"] == "updated"
    assert shown["edited_timestamp"] is not None
    assert [one["custom_id"] for one in controls(shown) if one.get("disabled")] == ["update"]
    with pytest.raises(Refused, match="is disabled"):
        town.click("Sari", "update", message_id=panel)


def test_a_form_is_opened_and_sent(town: DiscordControl, bot: Bot, panel: str) -> None:
    clicked = town.click("Sari", "form", message_id=panel)
    opened = town.interaction(clicked, wait_s=4)
    assert opened["modal"]["title"] == "Order"
    with pytest.raises(Refused, match="too long"):
        town.submit("Sari", clicked, {"amount": "1000"})
    with pytest.raises(Refused, match="no modal for Budi"):
        town.submit("Budi", clicked, {"amount": "12"})
    sent = town.submit("Sari", clicked, {"amount": "12"})
    assert town.interaction(sent, wait_s=4)["messages"][0]["content"] == "ordered 12"
    with pytest.raises(Refused, match="submitted already"):
        town.submit("Sari", clicked, {"amount": "12"})


def test_a_choice_and_the_original_answer_edited(town: DiscordControl, bot: Bot, panel: str) -> None:
    chosen = town.select("Sari", "choice", ["Teh"])
    town.wait_for(lambda: "chose Teh, noted" in [one["content"] for one in town.interaction(chosen)["messages"]])


def test_who_joins_clicks_and_gets_direct_messages_as_all_others_do(town: DiscordControl, bot: Bot, panel: str) -> None:
    member_id = int(town.join("Tono"))
    answer = town.interaction(town.click("Tono", "defer", message_id=panel), wait_s=4)
    assert answer["messages"][0]["ephemeral"]
    user = bot.do(bot.fetch_user(member_id))
    bot.do(user.send("hello"))
    assert [one["content"] for one in town.view("Tono", "dm")] == ["hello"]
    town.faults(dm_closed=["Tono"])
    with pytest.raises(discord.Forbidden):
        bot.do(user.send("again"))


def test_a_slash_command(town: DiscordControl, bot: Bot) -> None:
    used = town.command("Budi", "greet", name="Sari")
    answered = town.interaction(used, wait_s=4)
    assert answered["messages"][0]["content"] == "hello Sari"
    assert answered["messages"][0]["ephemeral"]
    with pytest.raises(Refused, match="no command"):
        town.command("Budi", "unknown")


def test_no_answer_within_three_seconds_fails_with_10062(town: DiscordControl, bot: Bot, panel: str) -> None:
    bot.hold()
    clicked = town.click("Budi", "late", message_id=panel)
    began = time.monotonic()
    failed = town.interaction(clicked, wait_s=9)
    assert time.monotonic() - began < 6  # told by the event, not by the end of the wait
    assert failed["state"] == "failed"
    assert failed["ack_ms"] is None
    bot.release()
    assert bot.refusals.result(10) == 10062


def test_a_second_acknowledgement_fails_with_40060(town: DiscordControl, bot: Bot, panel: str) -> None:
    town.click("Budi", "twice", message_id=panel)
    assert bot.refusals.result(10) == 40060


def test_a_dropped_connection_is_resumed(town: DiscordControl, bot: Bot) -> None:
    before = town.sessions()
    town.faults(drop={"reset": True})
    town.wait_for(lambda: town.sessions()["resumes"] > before["resumes"])
    asked = int(town.say("Budi", "!panel still there"))
    town.wait_for_message("Budi", lambda message: message["content"] == "panel" and int(message["id"]) > asked)
    assert "!panel still there" in bot.seen
    assert town.sessions()["identifies"] == before["identifies"]


def test_two_sessions_of_one_token_both_get_every_event(town: DiscordControl, bot: Bot) -> None:
    second = Bot()
    second.begin()
    try:
        second.connected.result(10)
        asked = int(town.say("Budi", "!panel for both"))
        answers = town.wait_for(
            lambda: [one for one in town.view("Budi") if one["content"] == "panel" and int(one["id"]) > asked][1:]
        )
        assert len(answers) == 1
    finally:
        second.end()


def test_a_token_that_became_void_ends_with_4004(town: DiscordControl, bot: Bot) -> None:
    town.faults(token="another", drop={"code": 4000})
    error = bot.over.result(10)
    assert isinstance(error, discord.ConnectionClosed)
    assert error.code == 4004


def test_a_wrong_token_is_refused_at_login(town: DiscordControl) -> None:
    town.faults(token="another")
    bot = Bot()
    bot.begin()
    assert isinstance(bot.over.result(10), discord.LoginFailure)
    bot.end()


def test_a_forbidden_intent_ends_with_4014(town: DiscordControl) -> None:
    town.faults(forbid_intents=["message_content"])
    bot = Bot()
    bot.begin()
    assert isinstance(bot.over.result(10), discord.PrivilegedIntentsRequired)
    bot.end()


def test_a_nonce_keeps_a_message_from_being_sent_twice(town: DiscordControl, bot: Bot) -> None:
    first = bot.do(bot.shop().send("exactly once", nonce="order-7"))
    second = bot.do(bot.shop().send("exactly once", nonce="order-7"))
    assert first.id == second.id
    assert str(first.nonce) == "order-7"
    assert [message["content"] for message in town.view("Budi")].count("exactly once") == 1


def test_an_answer_can_be_lost_after_the_request_was_executed(town: DiscordControl) -> None:
    town.faults({"method": "POST", "path": "/channels/*/messages", "status": 500, "after": True, "times": 1})
    path = f"/api/v10/channels/{ids.LIVE_CHANNEL_ID}/messages"
    with pytest.raises(Refused) as refused:
        town.request("POST", path, {"content": "lost answer"}, {"Authorization": f"Bot {ids.DEFAULT_TOKEN}"})
    assert refused.value.status == 500
    assert [message["content"] for message in town.view("Budi")].count("lost answer") == 1


def test_a_route_can_be_slow(town: DiscordControl, bot: Bot) -> None:
    town.faults({"method": "POST", "path": "/channels/*/messages", "delay_s": 0.3})
    began = time.monotonic()
    bot.do(bot.shop().send("slow"))
    assert time.monotonic() - began >= 0.3


def test_a_429_is_waited_out(town: DiscordControl, bot: Bot) -> None:
    town.faults({"method": "POST", "path": "/channels/*/messages", "status": 429, "retry_after_s": 0.05, "times": 2})
    assert bot.do(bot.shop().send("after the wait")).content == "after the wait"


def test_refused_edits(town: DiscordControl, bot: Bot) -> None:
    message = bot.do(bot.shop().send("as it was"))
    town.faults({"method": "PATCH", "path": "/channels/*/messages/*", "status": 403, "code": 50013})
    with pytest.raises(discord.Forbidden) as refused:
        bot.do(message.edit(content="changed"))
    assert refused.value.code == 50013
    town.no_faults()
    assert bot.do(message.edit(content="changed")).content == "changed"


@pytest.mark.parametrize(("permission", "code"), [("send_messages", 50013), ("view_channel", 50001)])
def test_missing_permissions(town: DiscordControl, bot: Bot, permission: str, code: int) -> None:
    town.deny(permission)
    with pytest.raises(discord.Forbidden) as refused:
        bot.do(bot.shop().send("not allowed"))
    assert refused.value.code == code
    town.no_faults()
    assert bot.do(bot.shop().send("allowed again")).content == "allowed again"


def test_unknown_message_and_channel(town: DiscordControl, bot: Bot) -> None:
    message = bot.do(bot.shop().send("soon gone"))
    town.delete_message(str(message.id))
    with pytest.raises(discord.NotFound) as refused:
        bot.do(message.edit(content="?"))
    assert refused.value.code == 10008
    with pytest.raises(discord.NotFound) as refused:
        bot.do(bot.fetch_channel(12345))
    assert refused.value.code == 10003


def test_direct_messages_both_ways_and_closed_ones(town: DiscordControl, bot: Bot) -> None:
    user = bot.do(bot.fetch_user(ids.SARI_ID))
    bot.do(user.send("your order"))
    assert town.view("Sari", "dm")[-1]["content"] == "your order"
    assert town.view("Budi", "dm") == []
    town.say("Sari", "!panel", channel="dm")
    town.wait_for_message("Sari", lambda message: message["content"] == "panel", channel="dm")
    town.faults(dm_closed=["Sari"])
    with pytest.raises(discord.Forbidden) as refused:
        bot.do(user.send("again"))
    assert refused.value.code == 50007


def test_attachments_come_back_as_they_went(town: DiscordControl, bot: Bot) -> None:
    data = bytes(range(256)) * 40
    sent = bot.do(bot.shop().send(file=discord.File(io.BytesIO(data), "struk ke-1.bin", description="receipt")))
    assert sent.attachments[0].size == len(data)
    assert sent.attachments[0].description == "receipt"
    with urlopen(sent.attachments[0].url) as response:
        assert response.read() == data


def test_only_admin_sees_the_admin_channel(town: DiscordControl, bot: Bot) -> None:
    assert town.view("Admin", "admin") == []
    with pytest.raises(Refused, match="cannot see"):
        town.view("Budi", "admin")


def test_an_unknown_route_answers_501(town: DiscordControl, bot: Bot) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        bot.do(bot.http.request(discord.http.Route("GET", "/no/such/thing")))
    assert refused.value.status == 501


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Host": "[::1"}, {"Origin": "null"}]
)
def test_pages_from_elsewhere_are_refused(town: DiscordControl, headers: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        town.request("POST", "/control/message", {"member": "Admin", "content": "!restart"}, headers)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "path", ["/", "/control/world", "/control/events", "/control/supervisor", "/gateway", "/avatars/0.svg"]
)
def test_a_foreign_name_or_page_reads_nothing_either(town: DiscordControl, path: str) -> None:
    for headers in ({"Host": "rebound.example:80"}, {"Origin": "https://evil.example"}):
        with pytest.raises(Refused) as refused:
            town.request("GET", path, None, headers)
        assert refused.value.status == 403


def test_a_browser_that_knew_an_earlier_life_is_told_that_it_missed_something(town: DiscordControl) -> None:
    def first_data(query: str = "", last_event_id: str = "") -> tuple[str, Any]:
        """Return the id and the data of the first event of a stream."""
        request = Request(f"{town.url}/control/events{query}", headers={"Last-Event-ID": last_event_id})
        event_id = ""
        with urlopen(request, timeout=10) as response:
            for line in response:
                name, _, value = line.decode().strip().partition(": ")
                event_id = value if name == "id" else event_id
                if name == "data":
                    return event_id, json.loads(value)
        raise AssertionError("the stream has ended")

    town.say("Budi", "one")
    town.say("Budi", "two")
    assert first_data(last_event_id="0badfeed.900") == ("", {"type": "gap"})
    known, event = first_data("?since=0")
    assert event["seq"] == 1
    following, event = first_data(last_event_id=known)
    assert (following.partition(".")[0], event["seq"]) == (known.partition(".")[0], 2)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("message", {"member": "Nobody", "content": "x"}, "no member"),
        ("message", {"member": "Budi", "content": ""}, "characters"),
        ("message", {"member": "Budi"}, "content"),
        ("message", {"member": "Budi", "content": "x", "extra": 1}, "unknown field 'extra'"),
        ("message", [], "object"),
        ("click", {"member": "Budi", "message_id": "x", "custom_id": "a"}, "not an id"),
        ("click", {"member": "Budi", "message_id": 1, "custom_id": "a"}, "no message"),
        (
            "message",
            {"member": "Budi", "content": "x", "files": [{"filename": "../x", "base64": ""}]},
            "not a file name",
        ),
        ("message", {"member": "Budi", "content": "x", "files": [{"filename": "x", "base64": "?"}]}, "invalid request"),
        ("language", {"member": "Budi", "language": "xx"}, "unknown language"),
        ("join", {"member": "Budi"}, "a name of 1 to 32 characters that is not taken"),
        ("join", {"member": "Wati", "language": "xx"}, "unknown language"),
        ("complete", {"member": "Budi", "name": "none", "focused": "x"}, "no command"),
        ("faults", {"routes": [{"status": 99}]}, "status"),
        ("faults", {"weather": "bad"}, "unknown field 'weather'"),
        ("faults", {"forbid_intents": ["typing"]}, "forbid_intents"),
    ],
)
def test_a_wrong_control_request_is_told_what_is_wrong(
    town: DiscordControl, path: str, body: Any, message: str
) -> None:
    with pytest.raises(Refused, match=message):
        town.request("POST", f"/control/{path}", body)


def test_the_page_and_all_it_needs_come_from_this_server(town: DiscordControl) -> None:
    with urlopen(f"{town.url}/") as response:
        page = response.read().decode()
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    needed = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {"/page/styles/layout.css", "/page/page.js", "/page/lib/vendor.js"} < set(needed)
    for path in needed:
        assert path.startswith("/")
        with urlopen(town.url + path) as response:
            assert response.status == 200
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    refused = ("/page/..%2fserver.py", "/page/%2e%2e/server.py", "/page/index.html", "/page/lib/vendor.LICENSE.txt")
    for path in (*refused, "/page/"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(town.url + path)


def test_a_taken_port_is_one_line_and_78(server: DiscordControl) -> None:
    ended = python_process.run("botapp.local_discord", "--port", str(server.port))
    assert ended.returncode == 78
    assert ended.stderr.count("\n") == 1
    assert f"cannot open port {server.port}" in ended.stderr


def test_sigterm_ends_it_with_0_while_clients_are_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    with python_process.start(
        "botapp.local_discord", "--port", "0", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rstrip("/\n").rpartition(":")[2])
        control = DiscordControl(port)
        with pytest.raises(AssertionError, match="ended its event stream"):
            for _ in _stream_until(control, process.terminate):
                pass
        _, said = process.communicate(timeout=10)
        assert process.returncode == 0
        assert "Traceback" not in said


def _stream_until(control: DiscordControl, act: Callable[[], None]) -> Iterator[Any]:
    control.say("Budi", "first")
    for event in control.events(since=0):
        yield event
        act()
