"""The commands beside `migrate PATH`: undo, verify, report, rules, runtimes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from migrator.proving import Verify
    from migrator.session import Progress

HELP = {"help_option_names": ["-h", "--help"]}


def verifier() -> Verify:
    from migrator.proving import verify_programs

    return verify_programs


def progress(proof: bool) -> AbstractContextManager[Progress]:
    """What shows the messages of a run while it lasts."""
    from migrator.report import live

    return live.progress(proof)


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
    with progress(True) as told:
        found = prove_pair(Path(before), Path(after), entry, entry_after, maps, runtime, verifier(), told)
    if form == "json":
        import dataclasses

        from migrator.report.document import to_json

        click.echo(to_json({unit: dataclasses.asdict(proof) for unit, proof in found.items()}), nl=False)
    else:
        verifications(found, sys.stdout)
    return 0 if found and all(proof.status == "verified" for proof in found.values()) else 3


@click.command(context_settings=HELP)
@click.argument("old", type=click.Path(exists=True))
@click.argument("new", type=click.Path(exists=True))
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", help="How to print.")
def report(old: str, new: str, form: str) -> int:
    """Compare two reports (report.json, or its folder): what is done, what is left. Exits with 3 on a regression."""
    from migrator.report.document import to_json
    from migrator.report.history import history, history_document, history_markdown, print_history, read_report

    found = history(read_report(Path(old)), read_report(Path(new)))
    if form == "text":
        print_history(found, sys.stdout)
    else:
        click.echo(to_json(history_document(found)) if form == "json" else history_markdown(found), nl=False)
    return 3 if found.regressed else 0


@click.command(context_settings=HELP)
@click.argument("rule", required=False)
def rules(rule: str | None) -> int:
    """List the rules, or explain one: by its id or by the legacy name."""
    from migrator.report.rules import explain_rule, list_rules, similar

    text = list_rules() if rule is None else explain_rule(rule)
    if text is None and rule is not None:
        near = similar(rule)
        advice = f"did you mean {', '.join(near)}?" if near else "`migrate rules` lists them"
        raise click.UsageError(f"there is no rule {rule!r}; {advice}")
    click.echo(text, nl=False)
    return 0


@click.command(context_settings=HELP)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--build", is_flag=True, help="Build those that are missing or broken.")
@click.option("--rebuild", is_flag=True, help="Build them anew.")
def runtimes(names: tuple[str, ...], build: bool, rebuild: bool) -> int:
    """List the runtimes that --verify uses, or build them."""
    from migrator.report import live
    from migrator.verify import runtimes as known

    unknown = sorted(set(names) - set(known.RECIPES))
    if unknown:
        raise click.UsageError(f"no runtime {unknown[0]!r}; known: {', '.join(known.RECIPES)}")
    failed = False
    for name in names or tuple(known.RECIPES):
        absent = known.absence(name)
        try:
            if (build or rebuild) and not absent:
                known.provide(name, live.lines(True), rebuild)
            elif (build or rebuild) and names:
                raise known.RuntimeAbsent(absent)
        except known.RuntimeAbsent as error:
            click.echo(f"migrate: {error}", err=True)
            failed = True
        runtime = known.installed(name)
        state = f"ready: {runtime.python}" if runtime else absent or "not built; --build builds it"
        click.echo(f"{name:8} {known.RECIPES[name].describes}; {state}")
    return 3 if failed else 0
