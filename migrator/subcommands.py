"""The commands beside `migrate PATH`: undo, verify, rules, runtimes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migrator.proving import Verify
    from migrator.session import Progress

HELP = {"help_option_names": ["-h", "--help"]}


def verifier() -> Verify:
    from migrator.proving import verify_programs

    return verify_programs


def progress(always: bool) -> Progress:
    """Progress goes to standard error, where a person looks, or always when a run takes minutes."""
    shown = always or sys.stderr.isatty()
    return lambda message: click.echo(f"migrate: {message}", err=True) if shown else None


@click.command(context_settings=HELP)
@click.argument("path", default=".", type=click.Path(exists=True))
@click.option("--all", "everything", is_flag=True, help="Take back every run that the journal remembers.")
@click.option("--force", is_flag=True, help="Restore also files that were changed after the run.")
def undo(path: str, everything: bool, force: bool) -> int:
    """Take back the last run: restore every file that it changed."""
    from migrator.workspace import journal

    root = journal.find_root(Path(path))
    if root is None:
        click.echo(f"nothing to undo at or above {Path(path).resolve()}; name the folder that was migrated")
        return 0
    undone = journal.undo(root, everything, force)
    if undone is None:
        return 0
    for file in undone.restored:
        click.echo(f"restored {file}")
    for file in undone.removed:
        click.echo(f"removed {file}")
    for file in undone.conflicts:
        click.echo(f"left as it is, because it was changed after the run: {file} (--force restores it)", err=True)
    return 3 if undone.conflicts else 0


@click.command(context_settings=HELP)
@click.argument("before", type=click.Path(exists=True))
@click.argument("after", type=click.Path(exists=True))
@click.option("--entry", metavar="COMMAND", help="How the programs are started: 'train.py --steps 10'.")
@click.option("--entry-after", metavar="COMMAND", help="How the second one is started, if otherwise.")
@click.option("--runtime", type=click.Choice(["legacy", "tf1"]), default="legacy", help="The legacy side.")
@click.option("--weights", type=click.Path(exists=True, dir_okay=False), help="weights.json of the migration's report.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="What to print.")
def verify(
    before: str, after: str, entry: str | None, entry_after: str | None, runtime: str, weights: str | None, form: str
) -> int:
    """Run a legacy and a Keras program and compare their numbers."""
    import json

    from migrator.proving import prove_pair
    from migrator.report.terminal import verifications

    maps = json.loads(Path(weights).read_bytes())["models"] if weights else []
    found = prove_pair(Path(before), Path(after), entry, entry_after, maps, runtime, verifier(), progress(True))
    if form == "json":
        import dataclasses

        from migrator.report.document import to_json

        click.echo(to_json({unit: dataclasses.asdict(proof) for unit, proof in found.items()}), nl=False)
    else:
        verifications(found, sys.stdout)
    return 0 if found and all(proof.status == "verified" for proof in found.values()) else 3


@click.command(context_settings=HELP)
@click.argument("rule", required=False)
def rules(rule: str | None) -> int:
    """List the rules, or explain one."""
    from migrator.report.rules import explain_rule, list_rules

    text = list_rules() if rule is None else explain_rule(rule)
    if text is None:
        raise click.UsageError(f"there is no rule {rule!r}; `migrate rules` lists them")
    click.echo(text, nl=False)
    return 0


@click.command(context_settings=HELP)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--build", is_flag=True, help="Build those that are missing or broken.")
@click.option("--rebuild", is_flag=True, help="Build them anew.")
def runtimes(names: tuple[str, ...], build: bool, rebuild: bool) -> int:
    """List the runtimes that --verify uses, or build them."""
    from migrator.verify import runtimes as known

    unknown = sorted(set(names) - set(known.RECIPES))
    if unknown:
        raise click.UsageError(f"no runtime {unknown[0]!r}; known: {', '.join(known.RECIPES)}")
    failed = False
    for name in names or tuple(known.RECIPES):
        absent = known.absence(name)
        try:
            if (build or rebuild) and not absent:
                known.provide(name, progress(True), rebuild)
            elif (build or rebuild) and names:
                raise known.RuntimeAbsent(absent)
        except known.RuntimeAbsent as error:
            click.echo(f"migrate: {error}", err=True)
            failed = True
        runtime = known.installed(name)
        state = f"ready: {runtime.python}" if runtime else absent or "not built; --build builds it"
        click.echo(f"{name:8} {known.RECIPES[name].describes}; {state}")
    return 3 if failed else 0
