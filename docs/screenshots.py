"""Takes docs/demo.png from a demo that runs: `make screenshots`. Needs Chromium, and fonts for letters and emoji."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import expect

from tests.support.discord.bot_process import free_port
from tests.support.discord.browser import chromium, visitor

PICTURE: Final = Path(__file__).resolve().parent / "demo.png"
SIZE: Final = (1360, 840)
#: a picture in the README is to be no larger
MAX_BYTES: Final = 250_000


def main() -> None:
    """Start a demo, restart its bot as an admin does, and take the picture."""
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "supervisor.cli", "demo", "--port", str(port), "--state-dir", directory]
        command += ["--language", "en"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert demo.stdout is not None
        try:
            for line in demo.stdout:
                if str(port) in line:
                    break
            take(f"http://127.0.0.1:{port}")
        finally:
            demo.terminate()
            demo.communicate()
    size = PICTURE.stat().st_size
    assert size <= MAX_BYTES, f"{PICTURE.name} has {size} bytes, more than {MAX_BYTES}"
    print(f"{PICTURE}: {size} bytes")


def take(origin: str) -> None:
    """Play the scene, and take the picture."""
    with chromium() as browser, visitor(browser, origin, size=SIZE, locale="en-US") as admin:
        admin.be("Admin")
        admin.say("!restart")
        expect(admin.page.locator("button.danger")).to_be_visible()
        admin.say("yes")
        expect(admin.messages("✅")).to_be_visible()
        expect(admin.page.locator(".restart[data-to-life='2']")).to_be_visible()
        admin.page.get_by_role("button", name="World info").click()
        expect(admin.messages("Only you can see this")).to_be_visible()
        expect(admin.page.locator("#bot")).to_contain_text("online")
        expect(admin.page.locator("[data-program=bot] .health .healthy")).to_have_count(7)
        admin.page.mouse.move(700, 20)
        admin.page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
