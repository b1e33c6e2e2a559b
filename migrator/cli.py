"""The command line: options, progress, exit codes. What they need is imported late, so that it starts fast."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from migrator import __version__
from migrator.subcommands import HELP, progress, report, rules, runtimes, undo, verifier, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.conversion import Conversion, Options
    from migrator.report.publish import Wishes
    from migrator.session import Convert, Request
    from migrator.workspace.discovery import Project

DEFAULT_REPORT = "migration-report"
DEFAULT_BASELINE = "migration-baseline.json"


class PathsByDefault(click.Group):
    """A group whose first word may be a path: then `migrate` itself is meant. (`./undo` names a folder called undo.)"""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> click.Context:
        if args and args[0] in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        return migrate.make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)


class WithSubcommands(click.Command):
    """The default command; its help lists the others."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Other commands"):
            formatter.write_dl([(name, command.get_short_help_str(80)) for name, command in group.commands.items()])


def _show_version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"migrate {__version__}")
        ctx.exit()


@click.command(cls=WithSubcommands, context_settings=HELP, no_args_is_help=True)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when something would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print the patch.")
@click.option("--estimate", is_flag=True, help="Write nothing; say what could be converted, what not, and why.")
@click.option("--output", metavar="DIR", help="Write a complete migrated copy, data files included, to DIR.")
@click.option("--verify", is_flag=True, help="Run both programs and write only what is proven to compute the same.")
@click.option("--entry", metavar="COMMAND", help="How the program is started: 'train.py --steps 10' or '-m pkg.train'.")
@click.option("--runtime", type=click.Choice(["legacy", "tf1"]), default="legacy", help="The legacy side of --verify.")
@click.option("--write-unverified", is_flag=True, help="With --verify: write also what could not be run.")
@click.option("--report", metavar="DIR", default=DEFAULT_REPORT, show_default=True, help="Folder of the report.")
@click.option("--format", type=click.Choice(["text", "json", "sarif", "github"]), default="text", help="What to print.")
@click.option("--style", type=click.Choice(["auto", "functional", "subclass"]), default="auto", help="Keras style.")
@click.option(
    "--semantics",
    type=click.Choice(["exact", "idiomatic"]),
    default="exact",
    help="The same numbers, or stock Keras only with every difference listed.",
)
@click.option("--partial", is_flag=True, help="Convert what can be, with a marker at each gap.")
@click.option("--select", multiple=True, metavar="RULE", help="Use only these rules (repeatable, or with commas).")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not use these rules (repeatable, or with commas).")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files, by patterns as in .gitignore.")
@click.option("--baseline", metavar="FILE", help="Leftovers in this file are accepted.")
@click.option("--write-baseline", is_flag=True, help=f"Accept all leftovers: write {DEFAULT_BASELINE}, or FILE.")
@click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", default=os.cpu_count() or 1, help="Parallel work.")
@click.option("--cache/--no-cache", default=True, help="Whether plans of earlier runs are used again.")
@click.option("--allow-dirty", is_flag=True, help="Change files that git could not give back, too.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show it.")
@click.pass_context
def migrate(ctx: click.Context, /, **given: Any) -> int:
    """Move TensorFlow 1 Estimator programs to Keras 3, in place, readably and with proof.

    Exit codes: 0 done, nothing left; 1 --check or --diff found something to change; 2 wrong usage or a fault of the
    tool; 3 something is left for a person, or a verification failed.
    """
    from migrator.report.publish import publish
    from migrator.session import run
    from migrator.workspace.config import read_config
    from migrator.workspace.discovery import locate

    if sum([given["check"], given["diff"], given["estimate"], given["output"] is not None]) > 1:
        raise click.UsageError("--check, --diff, --estimate and --output exclude each other")
    project = locate(given["paths"])
    settings = _settings(ctx, project, read_config(project.root), given)
    if settings["diff"] and settings["format"] != "text":
        raise click.UsageError("--diff prints a patch; it cannot be combined with --format")
    if given["estimate"]:
        if given["verify"] or given["format"] not in ("text", "json"):
            raise click.UsageError("--estimate runs nothing, and prints text or json")
        settings.update(verify=False, format=given["format"])
    for name in ("entry", "write_unverified"):
        if given[name] and not settings["verify"]:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --verify")
    request = _request(settings)
    with progress(request.verify) as told:
        outcome = run(
            project, request, _converter(request.jobs, settings["cache"]), verifier() if request.verify else None, told
        )
    return publish(outcome, _wishes(ctx, settings))


def _settings(ctx: click.Context, project: Project, config: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What was given on the command line, else what the project's configuration says, else the default."""
    settings = dict(given)
    for name, value in config.items():
        parameter = name.replace("-", "_")
        if ctx.get_parameter_source(parameter) is click.core.ParameterSource.DEFAULT:
            settings[parameter] = str(project.root / value) if name in ("report", "baseline") else value
    return settings


def _request(settings: dict[str, Any]) -> Request:
    from migrator.conversion import Options
    from migrator.session import Request

    options = Options(
        style=settings["style"],
        semantics=settings["semantics"],
        partial=settings["partial"],
        select=_rule_ids(settings["select"]),
        ignore=_rule_ids(settings["ignore"]),
    )
    output = settings["output"]
    dry = settings["check"] or settings["estimate"]
    return Request(
        mode="check" if dry else "diff" if settings["diff"] else "output" if output else "write",
        options=options,
        output=Path(output) if output else None,
        exclude=tuple(settings["exclude"]),
        jobs=settings["jobs"],
        allow_dirty=settings["allow_dirty"],
        verify=settings["verify"],
        entry=settings["entry"],
        runtime=settings["runtime"],
        write_unverified=settings["write_unverified"],
    )


def _rule_ids(given: tuple[str, ...] | list[str]) -> frozenset[str]:
    return frozenset(rule.strip() for value in given for rule in value.split(",") if rule.strip())


def _wishes(ctx: click.Context, settings: dict[str, Any]) -> Wishes:
    from migrator.report.publish import Wishes

    return Wishes(
        form=settings["format"],
        report=Path(settings["report"]),
        report_asked=ctx.get_parameter_source("report") is click.core.ParameterSource.COMMANDLINE,
        baseline=Path(settings["baseline"] or DEFAULT_BASELINE) if _uses_baseline(settings) else None,
        write_baseline=settings["write_baseline"],
        estimate=settings["estimate"],
    )


def _uses_baseline(settings: dict[str, Any]) -> bool:
    return bool(settings["baseline"] or settings["write_baseline"])


def _converter(jobs: int, cached: bool) -> Convert:
    def convert(sources: Mapping[str, str], options: Options) -> Conversion:
        from migrator.planning import leave_garbage, plan
        from migrator.workspace.folders import cache_folder
        from migrator.workspace.plans import Plans

        leave_garbage(sources)
        return plan(sources, options, jobs, Plans(cache_folder()) if cached else None)

    return convert


@click.group(cls=PathsByDefault, context_settings=HELP, name="migrate")
def group() -> None:
    """Move TensorFlow 1 Estimator programs to Keras 3."""


for _command in (undo, verify, report, rules, runtimes):
    group.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """The `migrate` command. Every way out is one of its exit codes; no traceback is ever shown."""
    sys.exit(_guarded(arguments))


def _guarded(arguments: list[str] | None) -> int:
    from migrator.workspace.errors import WorkspaceError

    try:
        code = group.main(arguments, prog_name="migrate", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
    except WorkspaceError as error:
        click.echo(f"migrate: {error}", err=True)
    except (click.Abort, KeyboardInterrupt):
        click.echo("migrate: interrupted", err=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has gone
    except Exception as error:  # the tool's own boundary: a fault is told in one line and is exit code 2
        click.echo(f"migrate: a fault of the tool, please report it: {_fault(error)}", err=True)
    return 2


def _fault(error: Exception) -> str:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"{type(error).__name__}: {error} ({places})"
