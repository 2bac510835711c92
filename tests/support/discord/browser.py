"""The page of the local Discord in a real browser: Chromium, driven by Playwright.

Whatever a page does that it must not is a failure at the end of its test: a request to anywhere but its own origin, an
error in the console (a breach of the Content-Security-Policy is one), an exception.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

#: nothing here takes long; what takes this long hangs
PATIENCE_MS: Final = 20_000
DESKTOP: Final = (1360, 860)
PHONE: Final = (390, 844)

expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium; without one the test is skipped, which fails in CI."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody in front of the page."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        #: whether the page may find its server gone, as a test that ends it wants
        self.may_lose_server = False
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("console", lambda said: self._heard(said.type, said.text))

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not (self.may_lose_server and "net::ERR_" in text):
            self.problems.append(f"console: {text}")

    def be(self, member: str, channel: str = "toko") -> None:
        """Open the page as a member."""
        self.page.goto(f"{self.origin}/#{member}/{channel}")
        expect(self.page.locator("html[data-ready=true]")).to_be_attached()

    def switch(self, member: str) -> None:
        """Become another member on the page that is open."""
        self.page.locator(f"[data-member={member}]").click()
        expect(self.page.locator(f"[data-member={member}]")).to_have_attribute("aria-checked", "true")

    def say(self, text: str) -> None:
        """Type a message, and send it."""
        self.page.locator("#text").fill(text)
        self.page.locator("#text").press("Enter")

    def messages(self, text: str = "") -> Locator:
        """Return the messages that hold `text`."""
        return self.page.locator("discord-message", has_text=text) if text else self.page.locator("discord-message")

    def control(self, custom_id: str) -> Locator:
        """Return the newest button or list with this id."""
        return self.page.locator(f"[data-custom-id={custom_id!r}]").last

    def width_needed(self) -> int:
        """Return how wide what can be scrolled is, in pixels."""
        widths = "[...document.querySelectorAll('html, body, #main, #chat, #compose, .panel-body, .channels, dialog')]"
        wide: int = self.page.evaluate(f"Math.max(...{widths}.map((one) => one.scrollWidth))")
        return wide

    def check(self) -> None:
        """Fail for what the page must not have done."""
        foreign = [url for url in self.requests if not url.startswith(f"{self.origin}/")]
        assert not foreign, f"the page asked elsewhere: {foreign}"
        assert self.requests
        assert not self.problems, self.problems


@contextmanager
def visitor(
    browser: Browser, origin: str, *, size: tuple[int, int] = DESKTOP, scale: float = 1.0, locale: str = "id-ID"
) -> Iterator[Visitor]:
    """Open a window; `size` is its width and height in pixels, `locale` the language of its page."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        locale=locale,
        timezone_id="Asia/Jakarta",
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        one = Visitor(context.new_page(), origin)
        yield one
        one.check()
    finally:
        context.close()
