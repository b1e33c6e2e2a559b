"""`migrate` as a person calls it, with the fakes behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from migrator import cli, subcommands

from . import fakes


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one call of `migrate` gave."""

    code: int
    out: str
    err: str


Migrate = Callable[..., Answer]


@pytest.fixture
def migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Migrate:
    """Calls `migrate` with the given words, in the temporary folder."""
    monkeypatch.setattr(cli, "_converter", lambda *_: fakes.convert)
    monkeypatch.setattr(cli, "verifier", lambda: fakes.verify)
    monkeypatch.setattr(subcommands, "verifier", lambda: fakes.verify)
    monkeypatch.chdir(tmp_path)

    def call(*words: str | Path) -> Answer:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err + captured.out
        code = ended.value.code
        return Answer(code if isinstance(code, int) else 0, captured.out, captured.err)

    return call
