"""Makes the virtual environment in .venv and installs the tool with all that its tests need. Standard library only.

Debian's python3 comes without ensurepip: then pip is taken from the system, from uv, or from the package index.
With --browser it installs Chromium instead, where the system lets it: the tests that look at reports need it.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
REQUIREMENT = f"{ROOT}[dev]"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def main() -> int:
    """Makes or completes the environment; returns an exit status."""
    if sys.version_info < (3, 10):  # noqa: UP036 - here an older Python can be met
        print(f"Python 3.10 or newer is needed; this is {sys.version.split()[0]}. Use: make PYTHON=python3.12 ...")
        return 1
    if not PYTHON.exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        venv.create(FOLDER, with_pip=False, symlinks=os.name != "nt")
    for install in (install_with_own_pip, install_with_ensurepip, install_with_uv, install_with_fetched_pip):
        if install():
            return 0
    print("The packages could not be installed; is the package index reachable?")
    return 1


def provide_browser() -> int:
    """Installs Debian's Chromium unless there is one; without it those tests are skipped, which is no failure."""
    if any(map(shutil.which, BROWSERS)):
        return 0
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        print("No Chromium, and none can be installed here: the tests that look at reports will be skipped.")
        return 0
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    install: list[str | Path] = ["apt-get", "install", "--yes", "--no-install-recommends"]
    packages: list[str | Path] = ["chromium", "fonts-dejavu-core"]
    if not (run(["apt-get", "update"], quiet=True) and run(install + packages, quiet=True)):
        print("Chromium could not be installed: the tests that look at reports will be skipped.")
    return 0


def install_with_own_pip() -> bool:
    """The pip that the environment may have already."""
    return has_pip() and run([PYTHON, "-m", "pip", "install", "--quiet", "--editable", REQUIREMENT])


def install_with_ensurepip() -> bool:
    """The pip that comes with Python, where it does."""
    if has_pip() or not run([PYTHON, "-m", "ensurepip", "--default-pip"], quiet=True):
        return False
    return install_with_own_pip()


def install_with_uv() -> bool:
    """uv, where it is on the PATH."""
    uv = shutil.which("uv")
    return uv is not None and run([uv, "pip", "install", "--quiet", "--python", PYTHON, "--editable", REQUIREMENT])


def install_with_fetched_pip() -> bool:
    """pip fetched from the package index as a wheel, which runs as it is."""
    if has_pip():
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            wheel = fetch_pip(Path(folder))
        except OSError as error:
            print(f"pip could not be fetched: {error}")
            return False
        fetched = run([PYTHON, f"{wheel}/pip", "install", "--quiet", wheel])
    return fetched and install_with_own_pip()


def fetch_pip(folder: Path) -> Path:
    """Downloads the newest pip wheel of the configured index. Raises OSError."""
    page = index_url().rstrip("/") + "/pip/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        links = re.findall(r'href="([^"]*/pip-(\d+(?:\.\d+)*)-py3-none-any\.whl[^"]*)"', answer.read().decode())
    if not links:
        raise OSError(f"no pip at {page}")
    link, version = max(links, key=lambda found: [int(part) for part in found[1].split(".")])
    wheel = folder / f"pip-{version}-py3-none-any.whl"
    with urllib.request.urlopen(urljoin(page, link), timeout=60) as answer:
        wheel.write_bytes(answer.read())
    return wheel


def index_url() -> str:
    """The package index that pip would use, from its variables and configuration files."""
    files = [os.environ.get("PIP_CONFIG_FILE", ""), "~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/pip.conf"]
    parser = configparser.RawConfigParser()
    for file in reversed(files):
        try:
            parser.read(Path(file).expanduser(), encoding="utf-8")
        except (OSError, configparser.Error):
            continue
    configured = parser.get("global", "index-url", fallback="https://pypi.org/simple")
    return os.environ.get("PIP_INDEX_URL") or configured


def has_pip() -> bool:
    """Whether the environment has pip."""
    return run([PYTHON, "-c", "import pip"], quiet=True)


def run(command: list[str | Path], quiet: bool = False) -> bool:
    """Runs a command and tells whether it succeeded."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run([str(word) for word in command], stdout=output, stderr=output, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(provide_browser() if "--browser" in sys.argv[1:] else main())
