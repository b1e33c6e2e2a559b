"""Public programs: `python -m benchmarks.public FOLDER` verifies what converts on made-up inputs, and says why not.

FOLDER holds one folder per repository; its files are read, copied and run, never changed. `--listed FILE` names the
model_fns that count (JSON, `{"model_fns": [{"repo", "path", "line"}]}`, a repository `a/b` lying in the folder `a+b`);
without it all do. A fixed seed draws `--draw` of the converted ones, which must be built and trained.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import multiprocessing
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from migrator.conversion import Conversion
from migrator.convert import convert
from migrator.ledger import Verification
from migrator.verify.process import Limits
from migrator.verify.synthetic import verify_models

SEED = 20_260


@dataclasses.dataclass(frozen=True)
class Proof:
    """One converted model_fn and what its verification on made-up inputs came to."""

    repository: str
    unit: str
    verification: Verification

    @property
    def trained(self) -> bool:
        """Whether the migrated model was built and trained by its own `fit`."""
        return any(item.check == "fit" and item.ok for item in self.verification.evidence)


@dataclasses.dataclass(frozen=True)
class Survey:
    """What a run over a folder found."""

    repositories: int
    model_fns: int
    proofs: tuple[Proof, ...]
    late: tuple[str, ...]  # repositories whose conversion took too long
    seconds: float

    def counts(self) -> Counter[str]:
        """How many proofs have each status."""
        return Counter(proof.verification.status for proof in self.proofs)


def survey(
    folder: Path, listed: Mapping[str, set[tuple[str, int]]] | None, seconds: float, limits: Limits, console: Console
) -> Survey:
    """Converts every repository and verifies what is converted, each in a process of its own."""
    start = time.monotonic()
    proofs: list[Proof] = []
    late: list[str] = []
    found = 0
    places = sorted(path for path in folder.iterdir() if path.is_dir() and (listed is None or path.name in listed))
    for place in places:
        wanted = listed[place.name] if listed is not None else None
        converted = planned(place, seconds)
        if converted is None:
            late.append(place.name)
            console.print(f"{place.name}: its conversion took more than {seconds:.0f} s", markup=False)
            continue
        fns = [unit for unit in converted.ledger.units if unit.kind == "model_fn" and _counts(wanted, unit)]
        found += len(fns)
        chosen = {unit.id for unit in fns if unit.status == "converted"}
        maps = [model for model in converted.models if model["unit"] in chosen]
        for proof in _proofs(place, converted, maps, limits):
            proofs.append(proof)
            said = proof.verification.reason[:160].partition("\n")[0]
            console.print(f"{proof.repository} {proof.unit}: {proof.verification.status} {said}", markup=False)
    return Survey(len(places), found, tuple(proofs), tuple(late), time.monotonic() - start)


def planned(place: Path, seconds: float) -> Conversion | None:
    """The conversion of one repository, or None when it takes longer than that."""
    with multiprocessing.Pool(1) as pool:
        try:
            return pool.apply_async(_convert, (place,)).get(seconds)
        except multiprocessing.TimeoutError:
            return None


def _convert(place: Path) -> Conversion:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return convert(_sources(place))


def _sources(place: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(place.rglob("*.py")):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            text = path.read_text(encoding="latin-1")
        found[path.relative_to(place).as_posix()] = text
    return found


def _counts(wanted: set[tuple[str, int]] | None, unit: Any) -> bool:
    return wanted is None or any(unit.path == path and abs(unit.line - line) <= 3 for path, line in wanted)


def _proofs(place: Path, converted: Conversion, maps: Sequence[Mapping[str, Any]], limits: Limits) -> Iterator[Proof]:
    if not maps:
        return
    sources = _sources(place)
    with tempfile.TemporaryDirectory(prefix="migrate-public-") as folder:
        before, after = Path(folder) / "before", Path(folder) / "after"
        _write(sources, before)
        _write({**sources, **{edit.path: edit.after for edit in converted.edits}}, after)
        for unit in verify_models(before, after, maps, limits=limits):
            yield Proof(place.name, unit.unit, unit.verification)


def _write(sources: Mapping[str, str], folder: Path) -> None:
    for path, text in sources.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")


def drawn(proofs: Sequence[Proof], count: int) -> list[Proof]:
    """The sample that must train, the same in every run over the same proofs."""
    ordered = sorted(proofs, key=lambda proof: (proof.repository, proof.unit))
    return sorted(random.Random(SEED).sample(ordered, min(count, len(ordered))), key=ordered.index)


def kind_of(reason: str) -> str:
    """A reason without its particulars, so that like ones are counted together."""
    text = reason.partition("\n")[0].partition("; in loading it")[0]
    text = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "_", text)
    return re.sub(r"\d[\d.e+-]*", "N", text)[:160]


def report(found: Survey, count: int) -> str:
    """The figures as Markdown."""
    counts = found.counts()
    share = 100.0 * counts["verified"] / len(found.proofs) if found.proofs else 0.0
    lines = [
        "# Public programs, verified on made-up inputs",
        "",
        f"{found.repositories} repositories, {found.model_fns} model_fns, {len(found.proofs)} converted; "
        f"{counts['verified']} of these verified ({share:.0f} %), {counts['failed']} failed, "
        f"{counts['not_run']} not run, in {found.seconds:.0f} s.",
        f"Not surveyed, because the conversion took too long: {', '.join(found.late) or 'none'}.",
        "",
        "## Why the others are not verified",
        "",
        "| model_fns | status | reason |",
        "|---|---|---|",
    ]
    others = [proof.verification for proof in found.proofs if proof.verification.status != "verified"]
    ranked = Counter((one.status, kind_of(one.reason)) for one in others).most_common()
    lines += [f"| {number} | {status} | {reason.replace('|', '/')} |" for (status, reason), number in ranked]
    sample = drawn(found.proofs, count)
    trained = sum(proof.trained for proof in sample)
    lines += ["", f"## {len(sample)} drawn with seed {SEED}: {trained} built and trained", ""]
    lines += ["| model_fn | trained | verification |", "|---|---|---|"]
    for proof in sample:
        said = "yes" if proof.trained else kind_of(proof.verification.reason).replace("|", "/")
        lines.append(f"| {proof.repository} {proof.unit} | {said} | {proof.verification.status} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Surveys, prints, writes; 0 when at least half of what converted is verified and all that were drawn train."""
    options = _options()
    listed: dict[str, set[tuple[str, int]]] | None = None
    if options.listed is not None:
        listed = {}
        for fn in json.loads(options.listed.read_text(encoding="utf-8"))["model_fns"]:
            listed.setdefault(fn["repo"].replace("/", "+", 1), set()).add((fn["path"], fn["line"]))
    found = survey(options.folder, listed, options.convert_seconds, Limits(seconds=options.seconds), Console())
    text = report(found, options.draw)
    print(text)
    if options.results is not None:
        options.results.write_text(text, encoding="utf-8")
    half = 2 * found.counts()["verified"] >= len(found.proofs)
    return 0 if half and all(proof.trained for proof in drawn(found.proofs, options.draw)) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.public", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with one folder per repository")
    parser.add_argument("--listed", type=Path, help="the model_fns that count, as JSON")
    parser.add_argument("--draw", type=int, default=20, help="how many are drawn to be trained (default 20)")
    parser.add_argument("--seconds", type=float, default=240.0, help="limit of one model on one side (default 240)")
    parser.add_argument("--convert-seconds", type=float, default=120.0, help="limit of one conversion (default 120)")
    parser.add_argument("--results", type=Path, help="where the figures are written as Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
