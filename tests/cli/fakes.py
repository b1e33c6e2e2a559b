"""A stand-in for the converter and the verifier: small, obedient to the contracts, and easy to foresee.

Every file that says `# group: NAME` is one model_fn; the conversion replaces `legacy` by `keras` in its text. The lines
`# also creates: PATH` and `# verify: STATUS` make the group create a file, and decide what its verification finds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from migrator.conversion import Conversion, FileEdit, ModelMap, Options
from migrator.ledger import Evidence, FileProblem, Finding, Ledger, Symbol, Target, Unit, Verification

MODEL = "import tensorflow as tf\n# group: {group}\ndef model_fn(features):\n    return legacy(features)\n{more}"
MAIN = "if __name__ == '__main__':\n    est.train(model_fn)\n"


def model(group: str, more: str = "") -> str:
    """A file with one model_fn of a group."""
    return MODEL.format(group=group, more=more)


def converted(text: str) -> str:
    """What the fake makes of a file."""
    return text.replace("legacy(", "keras(")


def convert(sources: Mapping[str, str], options: Options) -> Conversion:
    """The fake converter."""
    edits: list[FileEdit] = []
    units: list[Unit] = []
    symbols: list[Symbol] = []
    models: list[ModelMap] = []
    problems: list[FileProblem] = []
    for path, text in sources.items():
        if "broken(" in text:
            problems.append(FileProblem(path, "unparsable", "invalid syntax"))
        found = re.search(r"# group: (\w+)", text)
        if found is None or "legacy(" not in text:
            continue
        group = found.group(1)
        line = text[: text.index("def model_fn")].count("\n") + 1
        unit = Unit(f"{path}:model_fn", group, "model_fn", path, line, "model_fn", "converted")
        if "# refuse" in text:
            finding = Finding("custom-op", "warning", path, line + 1, "a custom op has no Keras twin")
            units.append(Unit(unit.id, group, "model_fn", path, line, "model_fn", "skipped", findings=(finding,)))
            symbols.append(Symbol(path, line + 1, "tensorflow.legacy", "manual", "custom op"))
            continue
        outside = options.editable is not None and path not in options.editable
        if group in options.excluded_groups or outside:
            units.append(Unit(unit.id, group, "model_fn", path, line, "model_fn", "skipped"))
            continue
        edits.append(FileEdit(path, text, converted(text), frozenset({group})))
        created = re.search(r"# also creates: (\S+)", text)
        if created:
            edits.append(FileEdit(created.group(1), None, "class Support:\n    pass\n", frozenset({group})))
        units.append(
            Unit(
                unit.id,
                group,
                "model_fn",
                path,
                line,
                "model_fn",
                "converted",
                target=Target(path, "model_fn", "subclass"),
            )
        )
        symbols.append(Symbol(path, line + 1, "tensorflow.legacy", "converted"))
        legacy = {"path": path, "line": line, "name": "model_fn"}
        models.append({"unit": unit.id, "legacy": legacy, "target": {"path": path, "name": "model_fn"}, "creation": []})
    return Conversion(
        tuple(edits), Ledger(units=tuple(units), symbols=tuple(symbols), problems=tuple(problems)), tuple(models)
    )


def verify(
    before: Path,
    after: Path,
    entry: str,
    maps: Sequence[ModelMap],
    runtime: str,
    progress: Callable[[str], None],
    after_entry: str | None = None,
) -> Mapping[str, Verification]:
    """The fake verifier: looks at both folders and does what the legacy file says."""
    found: dict[str, Verification] = {}
    for item in maps:
        old = (before / str(item["legacy"]["path"])).read_text()
        new = (after / str(item["target"]["path"])).read_text()
        wish = re.search(r"# verify: (\w+)", old)
        if wish and wish.group(1) == "failed":
            evidence = (Evidence("forward", 0.28, 0.5, 1e-5, False),)
            found[str(item["unit"])] = Verification("failed", "forward differs by 0.28", runtime, evidence)
        elif wish and wish.group(1) == "not_run":
            found[str(item["unit"])] = Verification("not_run", f"{entry} needs a data file", runtime)
        elif new == converted(old) and entry:
            evidence = (Evidence("forward", 1e-7, 1e-7, 1e-5, True),)
            found[str(item["unit"])] = Verification("verified", "", runtime, evidence)
    return found


if __name__ == "__main__":  # `migrate` with this converter, for tests that kill the process
    from migrator import cli

    cli._converter = lambda *_: convert
    cli.main(sys.argv[1:])
