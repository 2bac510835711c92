"""The dashboard of a shop that runs, in a real browser and before a real Prometheus."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, expect

from botapp.dashboard.figures.history import History
from botapp.store.usecases import products
from botapp.ui import custom_ids
from tests.support import dashboard_history, python_process
from tests.support.discord.browser import DESKTOP, PHONE, Visitor, chromium, visitor
from tests.support.python_process import ROOT
from tests.support.shop.shop import PATIENCE_S, Shop, free_port, shop
from tests.support.shop.shop_database import books_of

pytestmark = pytest.mark.sampled

Open = Callable[..., Visitor]
ATTACK = "<img src=x onerror=alert(1)>"


class Place:
    """A shop with a dashboard and thirty days of history."""

    def __init__(self, running: Shop, port: int) -> None:
        self.shop = running
        self.url = f"http://127.0.0.1:{port}"
        self.history = running.directory / "state" / "dashboard" / "history.db"

    def create_link(self) -> str:
        """Return a new login link."""
        words = ("--config", str(self.shop.config), "dashboard", "link")
        done = python_process.run("supervisor.cli", *words, env=self.shop.environ(), cwd=ROOT, timeout_s=PATIENCE_S)
        assert done.returncode == 0, done.stderr
        return str(done.stdout.strip())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port = free_port()
    extra = f'[dashboard]\nenabled = true\nlisten = "127.0.0.1:{port}"\n'
    with shop(tmp_path_factory.mktemp("toko"), as_in_demo=True, extra=extra) as running:
        dashboard_history.fill(running.directory / "state" / "dashboard" / "history.db", time.time())
        books = books_of(running.directory)
        books.do(products.add, "XSS", ATTACK, 5, "", 1)
        books.database.close_sync()
        running.start()
        running.wait_for_state("dashboard", "RUNNING")
        yield Place(running, port)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def opened(browser: Browser, place: Place) -> Iterator[Open]:
    """Open windows with a session; what a page did that it must not fails the test."""
    with ExitStack() as stack:

        def open_window(**options: Any) -> Visitor:
            one = stack.enter_context(visitor(browser, place.url, **options))
            one.page.goto(place.create_link())
            expect(one.page.locator("html[data-ready=true]")).to_be_attached()
            return one

        yield open_window


def test_without_a_session_the_page_says_how_to_log_in(browser: Browser, place: Place) -> None:
    with visitor(browser, place.url, size=PHONE) as guest:
        guest.page.goto(place.url)
        expect(guest.page.locator("body")).to_contain_text("stocksup dashboard link")
        expect(guest.page.locator(".program")).to_have_count(0)


def test_a_link_that_was_used_is_refused(browser: Browser, place: Place) -> None:
    link = place.create_link()
    with visitor(browser, place.url) as owner:
        owner.page.goto(link)
        expect(owner.page.locator("html[data-ready=true]")).to_be_attached()
        assert "login" not in owner.page.url
    with visitor(browser, place.url) as other:
        other.page.goto(link)
        expect(other.page.get_by_role("alert").first).to_be_visible()
        other.problems.clear()  # the browser reports the refusal


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_everything_is_there_at_each_width_and_in_each_language(
    opened: Open, size: tuple[int, int], language: str
) -> None:
    owner = opened(size=size)
    page = owner.page
    page.locator("#header select").select_option(language)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#h-now")).to_have_text({"id": "Sekarang", "en": "Now"}[language])
    for name in ("bot", "discord", "dashboard"):
        expect(page.locator(f".program[data-program={name}]")).to_have_attribute("data-state", "RUNNING")
    for number in range(3):
        page.locator(".ranges button").nth(number).click()
        expect(page.locator(".ranges button").nth(number)).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".chart canvas")).to_have_count(9)
        assert page.locator("[data-band]").count() > 8
        assert owner.width_needed() <= size[0]
    drawn = (
        "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((one) => one)"
    )
    for canvas in page.locator("canvas").element_handles():
        assert canvas.evaluate(drawn)


def test_the_figures_are_those_of_their_sources(opened: Open, place: Place) -> None:
    page = opened(locale="en-US").page
    page.locator("#header select").select_option("en")
    page.locator(".ranges button").nth(2).click()
    kept = History(place.history, 30)
    now_s = time.time()
    sums = kept.read(now_s - 30 * 86_400, now_s, 7200).figures
    down = sum(one or 0 for one in sums["down_s"]) + sum(one or 0 for one in sums["limited_s"])
    share = f"{100 * (1 - down / sum(one or 0 for one in sums['observed_s'])):.2f}".rstrip("0").rstrip(".")
    expect(page.locator("[data-band=members] + .band-share")).to_have_text(f"{share}%")
    reports = kept.list_restarts(now_s - 30 * 86_400, 100)
    kept.close()
    expect(page.locator(".restart [data-phase=check] b")).to_have_text(
        re.compile(f"{round(reports[0]['phases']['check_s'] * 1000)} ms")
    )
    bot = place.shop.program()
    facts = page.locator(".program[data-program=bot] .facts dd")
    expect(facts.first).to_have_text(str(bot["life"]))
    expect(page.locator(".stock li", has_text="Steam 10")).to_contain_text("12")
    expect(page.locator("[data-chart=errors]")).to_have_attribute("aria-label", re.compile("stock 0, buttons 0"))


def test_names_from_the_shop_are_text(opened: Open) -> None:
    owner = opened()
    expect(owner.page.locator(".stock li", has_text=ATTACK)).to_be_visible()
    assert owner.page.locator(".stock img").count() == 0


def test_it_is_small(opened: Open) -> None:
    page = opened().page
    sizes = "[...performance.getEntriesByType('resource'), performance.getEntriesByType('navigation')[0]]"
    loaded = page.evaluate(f"{sizes}.filter((one) => !one.name.includes('/events')).map((one) => one.transferSize)")
    assert sum(loaded) <= 200_000


def test_the_keyboard_is_enough(opened: Open, place: Place) -> None:
    page = opened().page
    page.locator(".ranges button").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".ranges button").nth(1)).to_have_attribute("aria-pressed", "true")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    lines = page.locator("#log li")
    expect(lines.filter(has_text="local Discord")).not_to_have_count(0)
    page.locator("[name=text]").fill("NEEDLE")
    expect(lines).to_have_count(0)
    with (place.shop.directory / "state" / "logs" / "bot.log").open("a") as file:
        file.write("a needle\n")
    expect(lines).to_have_text(["bot a needle"])


def test_a_restart_is_shown_while_it_runs_and_afterwards(opened: Open, place: Place) -> None:
    page = opened().page
    before = place.shop.program()["life"]
    place.shop.ask("restart", program="bot", wait=True)
    expect(page.locator(".restart[data-to-life]").first).to_have_attribute("data-to-life", str(before + 1))


def test_the_page_survives_its_server_and_notices_that_the_session_is_over(opened: Open, place: Place) -> None:
    owner = opened()
    owner.may_lose_server = True
    place.shop.ask("restart", program="dashboard", wait=True)
    expect(owner.page.locator(".lost")).to_be_visible()
    expect(owner.page.locator(".lost")).to_have_count(0)
    (place.history.parent / "key").unlink()
    place.shop.ask("restart", program="dashboard", wait=True)
    expect(owner.page.locator("#ask")).to_be_visible()
    owner.problems.clear()  # the browser reports that its session is over


PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: stocksup
    authorization: {{credentials_file: "{token}"}}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


@pytest.fixture
def prometheus(place: Place, tmp_path: Path) -> Iterator[str]:
    """A real Prometheus that scrapes the dashboard; yields its address."""
    if shutil.which("prometheus") is None:
        pytest.skip("Prometheus is not installed: apt install prometheus")
    rules = ROOT / "docs" / "reference" / "stocksup-alerts.yml"
    token = place.history.parent / "metrics_token"
    config = tmp_path / "prometheus.yml"
    config.write_text(PROMETHEUS.format(rules=rules, token=token, port=place.url.rpartition(":")[2]))
    checked = subprocess.run(["promtool", "check", "config", str(config)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    port = free_port()
    words = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path}", f"--web.listen-address=127.0.0.1:{port}"]
    process = subprocess.Popen(["prometheus", *words], stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def test_prometheus_scrapes_the_metrics(prometheus: str, place: Place) -> None:
    def ask(path: str) -> Any:
        try:
            with urlopen(f"{prometheus}/api/v1/{path}", timeout=PATIENCE_S) as answer:
                return json.load(answer)["data"]
        except (URLError, ConnectionError):
            return None

    def query(expression: str) -> Any:
        return (ask(f"query?query={quote(expression)}") or {}).get("result")

    assert place.shop.click(custom_ids.build("balance"))["state"] == "answered"
    [running] = place.shop.wait_for(lambda: query('stocksup_program_state{program="bot", state="RUNNING"}'))
    assert running["value"][1] == "1"
    stock = {one["metric"]["product"]: one["value"][1] for one in query("stocksup_stock_items")}
    books = books_of(place.shop.directory)
    assert stock == {one.code: str(one.stock) for one in books.do(products.list_active)}
    books.database.close_sync()
    clicks = "stocksup_click_answer_seconds_count"  # comes with the next heartbeat
    [counted] = place.shop.wait_for(lambda: [one for one in query(clicks) or [] if one["value"][1] != "0"])
    assert counted["value"][1] == "1"
    rules = place.shop.wait_for(lambda: (ask("rules") or {}).get("groups"))[0]["rules"]
    assert len(rules) == 14
    place.shop.wait_for(lambda: all(one["health"] == "ok" for one in ask("rules")["groups"][0]["rules"]))
