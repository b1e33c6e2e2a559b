"""Progress while a run lasts: a bar on a terminal, lines elsewhere, always on standard error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migrator.session import Progress

# What the stages of a run are called in its messages, in order. What takes minutes comes only with --verify.
_STAGES = ("reading", "converting", "writing")
_WITH_PROOF = ("reading", "converting", "copying", "verifying", "in runtime legacy", "in runtime target", "writing")


def lines(always: bool) -> Progress:
    """Each message on a line of its own, where a person looks, or always when a run takes minutes."""
    shown = always or sys.stderr.isatty()
    return lambda message: click.echo(f"migrate: {message}", err=True) if shown else None


@contextlib.contextmanager
def progress(proof: bool) -> Iterator[Progress]:
    """Shows the messages of a run until it ends. `proof`: it runs programs, which takes minutes."""
    if not sys.stderr.isatty():
        yield lines(proof)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    stages = _WITH_PROOF if proof else _STAGES
    columns = (SpinnerColumn(), BarColumn(30), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as bar:
        task = bar.add_task("starting", total=len(stages))

        def tell(message: str) -> None:
            stage = stage_of(message, stages)
            if stage is None:
                bar.console.print(f"migrate: {message}", markup=False, soft_wrap=True)
            else:
                bar.update(task, description=message, completed=stage)

        yield tell


def stage_of(message: str, stages: tuple[str, ...] = _WITH_PROOF) -> int | None:
    """The number of the stage that a message announces; None for a note."""
    named = [number for number, name in enumerate(stages) if message.startswith(name) or message.endswith(name)]
    return named[0] if named else None
