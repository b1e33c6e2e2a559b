"""Where the tool keeps what it can make again: the user's cache folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "estimator-to-keras"


def cache_folder() -> Path:
    """$MIGRATE_CACHE, else the user's cache folder of this platform."""
    if os.environ.get("MIGRATE_CACHE"):
        return Path(os.environ["MIGRATE_CACHE"]).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / NAME
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / NAME
