"""Headless Chromium, where there is one: how a page looks and behaves in a real browser."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PROBE = "<script>onload = () => {{ parent.document.body.dataset.probe = JSON.stringify({probe}) }}</script>"
FRAME = '<!doctype html><body><iframe width="{width}" height="800" style="border: 0" srcdoc="{page}"></iframe></body>'


def find() -> str | None:
    """The browser's program, if one is installed."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


def run(browser: str, home: Path, page: Path, *options: str, address: str = "") -> tuple[str, str]:
    """What the browser printed and logged while it showed the page, with no network at all."""
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={home}",
        "--window-size=1280,900",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        *options,
        page.resolve().as_uri() + address,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


def ask(browser: str, folder: Path, page: str, probe: str, address: str = "", width: int = 0) -> Any:
    """The value of a JavaScript expression once the page is loaded. The page must log no error.

    With a width the page is shown in a frame, because the windows of Chromium cannot be as narrow as a phone.
    """
    file = folder / "page.html"
    probed = page.replace("</body>", PROBE.format(probe=probe) + "</body>")
    shown = FRAME.format(width=width, page=html.escape(probed)) if width else probed
    file.write_text(shown, encoding="utf-8")
    printed, logged = run(browser, folder / "home", file, "--dump-dom", address=address)
    assert "CONSOLE" not in logged, logged
    found = re.search(r'data-probe="([^"]*)"', printed)
    assert found, printed[-2000:]
    return json.loads(html.unescape(found.group(1)))
