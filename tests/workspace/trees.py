"""Making small trees of files, with and without git, and looking at them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes files below a folder and returns the folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def read_tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder but git's and the tool's own, by relative path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", ".migrate", "migration-report"} & set(path.relative_to(root).parts)
    }


def git(root: Path, *arguments: str) -> str:
    """Runs git in a folder, without the user's settings, and returns what it prints."""
    settings = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "core.autocrlf=false",
        "-c",
        "commit.gpgsign=false",
    ]
    return subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def repository(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A git repository with the files committed."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "--quiet")
    write_tree(root, files)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "start")
    return root
