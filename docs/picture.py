"""Takes the picture of a report for the README: `python docs/picture.py REPORT.html PICTURE.png`, with Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDTH, HEIGHT, SCALE = 1340, 1865, 0.85
# The picture shows totals, code and curves of the first unit: what is long and tells less is left to the report itself.
STYLE = "<style>.evidence, details:not(.unit) { display: none } :root { --text: #000; --soft: #555 }</style>"


def main(arguments: Sequence[str]) -> int:
    """Takes the picture; returns an exit status."""
    browser = next((found for found in map(shutil.which, BROWSERS) if found), None)
    if len(arguments) != 2 or browser is None:
        print(__doc__ if browser else f"no browser is installed (looked for {', '.join(BROWSERS)})", file=sys.stderr)
        return 2
    report, picture = map(Path, arguments)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(report.read_text(encoding="utf-8").replace("</head>", STYLE + "</head>"), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text"]
        command += [f"--user-data-dir={folder}/home", f"--window-size={WIDTH},{HEIGHT}"]
        command += [f"--force-device-scale-factor={SCALE}"]
        command += [f"--screenshot={picture.resolve()}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
    print(f"{picture}: {picture.stat().st_size // 1024} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
