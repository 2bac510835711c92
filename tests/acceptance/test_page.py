"""The page of the local Discord, in a real browser, as members and an admin use it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support import python_process
from tests.support.discord.browser import PHONE, Visitor, chromium, visitor
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.python_process import ROOT, Process
from tests.support.shop.shop import Shop, free_port, shop

pytestmark = pytest.mark.sampled

Open = Callable[..., Visitor]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def toko(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path / "toko", as_in_demo=True) as running:
        running.start()
        yield running


class Town:
    """A local Discord with the bot that uses every control, and without a supervisor."""

    def __init__(self, discord: DiscordControl, bot: Process) -> None:
        self.discord = discord
        self.bot = bot


@pytest.fixture
def town() -> Iterator[Town]:
    with local_discord() as discord:
        module = "tests.support.discord.panel_bot"
        bot = python_process.start(module, str(discord.port), cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            discord.wait_for_bot()
            discord.wait_for(lambda: len(discord.world()["commands"]) == 3, what="the slash commands are there")
            yield Town(discord, bot)
        finally:
            bot.kill()
            bot.wait()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Open windows; what a page did that it must not fails the test."""
    with ExitStack() as stack:
        yield lambda control, **options: stack.enter_context(visitor(browser, control.url, **options))


def test_a_restart_by_word_and_by_button(toko: Shop, opened: Open) -> None:
    admin = opened(toko.discord)
    admin.be("Admin")
    bot = admin.page.locator("[data-program=bot]")
    expect(bot).to_have_attribute("data-life", "1")
    # live stock, buttons, what members see, gateway, database, cache, backups
    expect(bot.locator(".health .healthy")).to_have_count(7)
    expect(admin.page.locator("[data-program=discord] .health")).to_have_text(re.compile("bot terhubung *1"))
    admin.say("!restart")
    expect(admin.messages("restart").locator("button.danger")).to_be_visible()
    admin.say("ya")
    expect(admin.messages("Bot kembali (proses 2)")).to_be_visible()
    expect(bot).to_have_attribute("data-life", "2")
    expect(bot).to_have_attribute("data-state", "RUNNING")
    restart = admin.page.locator(".restart[data-to-life='2']")
    [report] = toko.ask("history")["history"]
    phases = [name.removesuffix("_s") for name, seconds in report["phases"].items() if seconds is not None]
    assert len(phases) == 5
    for phase in phases:
        expect(restart.locator(f"[data-phase={phase}] b")).to_have_text(re.compile(r"^[\d.,]+ m?s$"))
    expect(restart.locator(".bar span")).to_have_count(len(phases))
    expect(restart).to_contain_text("Admin")

    admin.say("!restart")
    admin.page.locator("button.danger").click()
    expect(admin.messages("Bot kembali (proses 3)")).to_be_visible()
    expect(bot).to_have_attribute("data-life", "3")
    expect(admin.page.locator(".earlier li")).to_have_count(1)


def test_the_panel_goes_on_when_the_supervisor_is_gone_and_back(toko: Shop, opened: Open) -> None:
    admin = opened(toko.discord)
    admin.be("Admin")
    expect(admin.page.locator("[data-program=bot]")).to_have_attribute("data-state", "RUNNING")
    toko.kill_supervisor()
    expect(admin.page.locator(".away")).to_be_visible()
    admin.say("halo semua")
    expect(admin.messages("halo semua")).to_be_visible()
    toko.start_supervisor()
    expect(admin.page.locator("[data-program=bot]")).to_have_attribute("data-life", "1")


def test_a_form_is_filled_in_and_goes_in_the_language_of_the_client(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    budi.say("!panel")
    for language, answer in (("id", "id: budi88 / cepat ya"), ("en-US", "en-US: budi88 / cepat ya")):
        budi.page.locator(".language select").select_option(language)
        expect(budi.page.locator("html")).to_have_attribute("lang", language[:2])
        budi.control("form").click()
        form = budi.page.locator("dialog[open]")
        expect(form.get_by_role("heading")).to_have_text("Data pengiriman")
        expect(form.get_by_label("Nama akun")).to_be_focused()
        form.get_by_label("Nama akun").press("Enter")  # required: the browser does not let it go
        expect(form).to_be_visible()
        form.get_by_label("Nama akun").fill("budi88")
        form.get_by_label("Catatan").fill("cepat ya")
        form.locator("button.primary").click()
        expect(budi.messages(answer)).to_be_visible()
        expect(form).not_to_be_attached()


def test_a_form_stays_with_what_was_typed_while_the_bot_does_not_answer(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    budi.say("!panel")
    budi.control("form").click()
    form = budi.page.locator("dialog[open]")
    form.get_by_label("Nama akun").fill("budi88")
    town.bot.send_signal(signal.SIGSTOP)
    form.locator("button.primary").click()
    expect(form.get_by_role("alert")).to_contain_text("Ada yang salah")
    expect(form.get_by_label("Nama akun")).to_have_value("budi88")
    form.get_by_role("button", name="Batal").click()
    expect(form).not_to_be_attached()
    expect(budi.control("form")).to_be_focused()


def test_what_is_for_one_is_seen_by_one(town: Town, opened: Open) -> None:
    budi, sari = opened(town.discord), opened(town.discord)
    budi.be("Budi")
    sari.be("Sari")
    budi.say("!panel")
    budi.control("secret").click()
    secret = budi.messages("Hanya untukmu")
    expect(secret).to_contain_text("Hanya Anda yang bisa melihat ini")
    budi.control("slow").click()
    for one in (budi, sari):
        expect(one.messages("sedang berpikir")).to_be_visible()
    sari.say("lanjut")
    for one in (budi, sari):
        expect(one.messages("Selesai.")).to_be_visible()
        expect(one.messages("sedang berpikir")).to_have_count(0)
    # what came after it is there, so it would be too
    expect(sari.messages("Hanya untukmu")).to_have_count(0)
    sari.switch("Budi")
    expect(sari.messages("Hanya untukmu")).to_be_visible()
    secret.get_by_role("button", name="Tutup pesan").click()
    expect(budi.messages("Hanya untukmu")).to_have_count(0)


def test_an_interaction_fails_when_the_bot_does_not_answer(town: Town, opened: Open) -> None:
    budi, sari = opened(town.discord), opened(town.discord)
    budi.be("Budi")
    budi.say("!panel")
    expect(budi.control("secret")).to_be_visible()
    town.bot.send_signal(signal.SIGSTOP)
    sari.be("Sari")
    budi.control("secret").click()
    expect(budi.control("secret")).to_have_attribute("aria-busy", "true")
    expect(budi.messages("Kendali").get_by_role("alert")).to_have_text("Interaksi ini gagal")
    expect(budi.control("secret")).to_have_attribute("aria-busy", "false")
    expect(sari.messages("Interaksi ini gagal")).to_have_count(0)
    budi.page.locator("#text").fill("/kirim")
    budi.page.locator("#text").press("Enter")
    budi.page.keyboard.type("NITRO")
    budi.page.keyboard.press("Enter")
    expect(budi.messages("/kirim").get_by_role("alert")).to_have_text("Aplikasi tidak merespons")
    town.bot.send_signal(signal.SIGCONT)
    budi.control("secret").click()
    expect(budi.messages("Hanya untukmu").last).to_be_visible()
    expect(budi.messages("Interaksi ini gagal")).to_have_count(0)


def test_lists_are_used_by_mouse_and_by_keys(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    budi.say("!panel")
    budi.control("goods").click()
    budi.page.get_by_role("option", name="Steam 10").click()
    budi.page.get_by_role("option", name="Nitro").click()
    budi.control("goods").click()
    expect(budi.messages("Dipilih: STEAM10, NITRO")).to_be_visible()
    budi.control("who").focus()
    for pressed in ("ArrowDown", "s", "Enter"):
        budi.page.keyboard.press(pressed)
    expect(budi.messages("Untuk").locator("discord-mention")).to_contain_text("Sari")
    expect(budi.control("who")).to_be_focused()
    expect(budi.control("off")).to_be_disabled()


def test_slash_commands_are_offered_filled_in_and_completed(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    text, keys = budi.page.locator("#text"), budi.page.keyboard
    text.press_sequentially("/")
    expect(budi.page.locator(".offer")).to_have_count(3)
    text.press_sequentially("sa")
    expect(budi.page.locator(".offer")).to_have_count(1)
    keys.press("Tab")
    keys.press("Enter")
    expect(budi.page.locator(".command-hint")).to_contain_text("wajib")
    budi.page.locator("[data-option=siapa]").select_option(label="@Sari")
    budi.page.get_by_role("button", name="+ kali").click()
    keys.type("3")
    keys.press("Enter")
    expect(budi.messages("Halo").locator("discord-mention")).to_contain_text("Sari")
    expect(budi.messages("Halo")).to_contain_text("Budi menggunakan /sapa")
    expect(budi.messages("Halo")).to_contain_text("!!!")
    text.press_sequentially("/kirim")
    keys.press("Enter")
    keys.type("ro")
    expect(budi.page.locator(".choices [role=option]")).to_have_text(["ROBUX400", "NITRO"])
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.press("Enter")
    expect(budi.messages("Dikirim: ROBUX400")).to_be_visible()
    expect(text).to_be_focused()


def test_a_slash_command_takes_a_file(town: Town, opened: Open, tmp_path: Path) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    (tmp_path / "stok.txt").write_text("ABCD-1234")
    text, keys = budi.page.locator("#text"), budi.page.keyboard
    text.press_sequentially("/titip")
    keys.press("Enter")
    budi.page.locator(".command .chip").press("Enter")
    expect(budi.page.locator(".command-hint")).to_contain_text("wajib")
    budi.page.locator("[data-option=berkas]").set_input_files(tmp_path / "stok.txt")
    expect(budi.page.locator(".command-hint")).not_to_contain_text("wajib")
    budi.page.locator(".command .chip").press("Enter")
    expect(budi.messages("stok.txt: ABCD-1234")).to_be_visible()


def test_markdown_files_replies_and_mentions(town: Town, opened: Open, tmp_path: Path) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    budi.say("!panel")
    shown = budi.messages("Panel v1")
    for tag, word in (("strong", "Tebal"), ("em", "miring"), ("s", "coret"), ("li >> nth=0", "satu"), ("pre", "kode")):
        expect(shown.locator(f"discord-embed {tag}")).to_have_text(word)
    expect(shown.locator("discord-time")).to_have_text(re.compile("detik|sekarang"))
    expect(shown.locator("discord-mention")).to_contain_text("Budi")
    expect(shown.locator("discord-reply")).to_contain_text("!panel")
    expect(shown).to_have_class(re.compile("mentions-me"))
    picture = shown.locator(".picture img")
    expect(picture).to_have_js_property("naturalWidth", 240)
    with budi.page.expect_download() as download:
        shown.get_by_role("link", name="struk.txt").click()
    assert download.value.path().read_bytes() == b"x" * 2048
    budi.say("halo <b>bukan HTML</b> **tebal**")
    mine = budi.messages("bukan HTML")
    expect(mine.locator(".content")).to_have_text("halo <b>bukan HTML</b> tebal")
    mine.hover()
    mine.get_by_role("button", name="Balas").click()
    (tmp_path / "bukti.txt").write_text("lunas")
    budi.page.locator("input[type=file]").set_input_files(tmp_path / "bukti.txt")
    budi.say("@Sari ini buktinya")
    answer = budi.messages("ini buktinya")
    expect(answer.locator("discord-reply")).to_contain_text("bukan HTML")
    expect(answer.locator("discord-mention")).to_contain_text("Sari")
    expect(answer.locator(".file")).to_contain_text("bukti.txt")


def test_direct_messages_are_announced_and_private(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    budi.say("!dm")
    direct = budi.page.get_by_role("button", name="Pesan langsung").first
    expect(direct.locator(".badge")).to_have_text("1")
    direct.click()
    expect(budi.messages("Pesananmu")).to_be_visible()
    expect(direct.locator(".badge")).to_have_count(0)
    budi.switch("Sari")
    expect(budi.messages()).to_have_count(0)


def test_typing_and_reading_are_not_disturbed(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    for number in range(40):
        town.discord.say("Sari", f"pesan {number}")
    expect(budi.messages("pesan 39")).to_be_in_viewport()
    budi.page.locator("#text").press_sequentially("setengah")
    town.discord.say("Sari", "sementara itu")
    expect(budi.messages("sementara itu")).to_be_in_viewport()
    expect(budi.page.locator("#text")).to_be_focused()
    expect(budi.page.locator("#text")).to_have_value("setengah")
    budi.messages("pesan 3").first.scroll_into_view_if_needed()
    before = budi.messages("pesan 3").first.bounding_box()
    town.discord.say("Sari", "di bawah")
    expect(budi.messages("di bawah")).to_be_attached()
    assert budi.messages("pesan 3").first.bounding_box() == before
    budi.switch("Sari")
    expect(budi.page.locator("#text")).to_have_value("")
    budi.switch("Budi")
    expect(budi.page.locator("#text")).to_have_value("setengah")


def test_a_phone_shows_all_of_it_without_scrolling_sideways(toko: Shop, opened: Open) -> None:
    admin = opened(toko.discord, size=PHONE)
    admin.be("Admin")
    admin.say("kata" * 60)
    admin.say("!restart")
    expect(admin.page.locator("button.danger")).to_be_visible()
    admin.say("ya")
    expect(admin.messages("Bot kembali (proses 2)")).to_be_visible()
    assert admin.width_needed() <= PHONE[0]
    admin.page.get_by_role("button", name="Supervisor").click()
    expect(admin.page.locator("[data-program=bot]")).to_be_in_viewport()
    expect(admin.page.locator(".restart .bar")).to_be_in_viewport(ratio=1)
    assert admin.width_needed() <= PHONE[0]
    admin.page.keyboard.press("Escape")
    admin.page.get_by_role("button", name="Channel dan member").click()
    admin.page.get_by_role("button", name="admin", exact=True).click()
    expect(admin.page.get_by_role("heading", name="Selamat datang di #admin!")).to_be_in_viewport()
    admin.page.get_by_role("button", name="Channel dan member").click()
    admin.switch("Budi")
    expect(admin.messages("Bot kembali (proses 2)")).to_be_in_viewport()


def test_what_is_typed_while_a_message_is_on_its_way_stays(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    under_way: list[Route] = []
    budi.page.route("**/message", lambda route: route.continue_() if under_way else under_way.append(route))
    with budi.page.expect_request("**/message"):
        budi.say("yang pertama")
    budi.say("yang kedua")
    with budi.page.expect_response("**/message"):
        under_way[0].continue_()
    expect(budi.messages("yang pertama")).to_be_visible()
    expect(budi.messages("yang kedua")).to_be_visible()
    expect(budi.page.locator("#text")).to_have_value("")


#: tells whether a thing is on top of all else, wherever one points at it
ON_TOP = """(one) => {
  const { left, top, width, height } = one.getBoundingClientRect();
  const parts = [...Array(41).keys()].map((part) => part / 40);
  const at = (x, y) => document.elementFromPoint(left + 1 + x * (width - 2), top + 1 + y * (height - 2));
  return parts.every((x) => [0, 0.25, 0.5, 0.75, 1].every((y) => one.contains(at(x, y)) || rounded(x, y)));
  function rounded(x, y) { return (x < 0.05 || x > 0.95) && (y === 0 || y === 1); }
}"""


def test_nothing_covers_what_is_said_about_a_command_on_a_phone(town: Town, opened: Open) -> None:
    budi = opened(town.discord, size=PHONE)
    budi.be("Budi")
    town.discord.say("Sari", "yang terakhir, dengan avatar")
    expect(budi.messages("yang terakhir")).to_be_in_viewport()
    text = budi.page.locator("#text")
    text.press_sequentially("/")
    expect(budi.page.locator(".offer")).to_have_count(3)
    assert budi.page.locator(".offers").evaluate(ON_TOP)
    text.press_sequentially("sapa")
    text.press("Enter")
    hint = budi.page.locator(".command-hint")
    expect(hint).to_be_visible()
    face = budi.messages("yang terakhir").bounding_box()
    box = hint.bounding_box()
    assert face is not None
    assert box is not None
    assert face["y"] + face["height"] > box["y"], "it lies over the last message"
    assert hint.evaluate(ON_TOP)


def test_controls_fit_a_phone(town: Town, opened: Open) -> None:
    budi = opened(town.discord, size=PHONE)
    budi.be("Budi")
    budi.say("!panel")
    expect(budi.control("who")).to_be_in_viewport(ratio=1)
    assert budi.width_needed() <= PHONE[0]
    budi.control("form").click()
    expect(budi.page.locator("dialog[open]")).to_be_in_viewport(ratio=1)
    assert budi.width_needed() <= PHONE[0]


def test_a_local_discord_that_comes_back_is_caught_up_with(browser: Browser) -> None:
    port = str(free_port())
    with ExitStack() as stack:
        with local_discord("--port", port) as discord:
            budi = stack.enter_context(visitor(browser, discord.url))
            budi.may_lose_server = True
            budi.be("Budi")
            expect(budi.page.locator(".empty")).to_be_visible()
            discord.say("Sari", "yang pertama")
            expect(budi.messages("yang pertama")).to_be_visible()
        expect(budi.page.locator("#notice .lost")).to_be_visible()
        with local_discord("--port", port) as discord:
            discord.say("Sari", "yang kedua")
            expect(budi.messages("yang kedua")).to_be_visible()
            expect(budi.messages("yang pertama")).to_have_count(0)
            expect(budi.page.locator(".lost")).to_have_count(0)


def test_the_page_says_that_nothing_leaves_this_machine(town: Town, opened: Open) -> None:
    budi = opened(town.discord)
    budi.be("Budi")
    expect(budi.page.locator(".private")).to_contain_text("tidak ada yang keluar dari komputer ini")
    budi.page.locator(".language select").select_option("en-US")
    expect(budi.page.locator(".private")).to_contain_text("nothing here leaves this machine")
    assert town.discord.world()["members"][1]["language"] == "en-US"
    os.kill(town.bot.pid, signal.SIGTERM)
    expect(budi.page.locator("#bot")).to_contain_text("offline")
