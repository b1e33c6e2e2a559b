"""A project whose canned estimators are written out, and the conversion of it told of the project as it is."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Mapping

from migrator.cells import CELL
from migrator.conversion import Conversion, Options
from migrator.ledger import Finding, Unit
from migrator.plain import found, functional, heads, joined, keras_written, learned, loss_scaling, stacks, writing
from migrator.plain.carried import given_to
from migrator.plain.estimators import KERAS
from migrator.plain.found import Site, Staying
from migrator.plain.lines import Chunk, Lines, asked, respelled, rewritten, told
from migrator.source.module import Module
from migrator.source.project import Project

RULE = "canned"
ESTIMATORS = ("Estimator", "Classifier", "Regressor")  # what a construction is written out as


@dataclasses.dataclass(frozen=True)
class Out:
    """A construction that is written out: where it stands, and the lines of its model_fns in the new text.

    For a model_fn that is written otherwise (`symbol` is empty) the line is that of the model_fn itself.
    `linear_weights`: those of a linear model where tf.contrib.layers names them.
    """

    path: str
    line: int
    lines: tuple[int, ...]
    name: str
    symbol: str
    function_lines: tuple[int, ...]
    linear_weights: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Plain:
    """The sources in plainer words, where their lines stood, and what was written out or could not be."""

    project: Project
    sources: Mapping[str, str]
    lines: Mapping[str, Lines]
    out: tuple[Out, ...]
    stayed: tuple[tuple[Site, str], ...]
    notes: tuple[tuple[int, Finding], ...] = ()  # with the line of the function that each belongs to


def plainer(project: Project, leave: Iterable[tuple[str, int]] = ()) -> Plain:
    """The project with its canned estimators written out, but for those on the lines to `leave`."""
    left = set(leave)
    sources = dict(project.sources)
    lines: dict[str, Lines] = {}
    out: list[Out] = []
    stayed: list[tuple[Site, str]] = []
    notes: list[tuple[int, Finding]] = []
    for path, text in project.sources.items():
        module = project.module(path) if any(mark in text for mark in (*found.MARKS, found.SPEC)) else None
        if module is None:
            continue
        made, staying = written_out(project, module, left)
        stayed += staying
        chunks = [chunk for site, one in made for chunk in chunks_of(site, one)]
        chunks += dropped(module, made)
        specs = [one for one in heads.heads(project, module) if (path, one.function.lineno) not in left]
        chunks += [chunk for one in specs for chunk in spec_chunks(one)]
        functions = [one.function for one in specs]
        rest: tuple[joined.Joined | loss_scaling.Unscaled | stacks.Stacked | functional.Functional, ...] = (
            *joined.joined(project, module),
            *loss_scaling.unscaled(module),
            *stacks.stacked(module),
            *functional.functional(project, module),
        )
        for one in rest:
            if (path, one.function.lineno) in left or overlaps(one.chunks, chunks):
                continue
            chunks += one.chunks
            functions += [] if one.function in functions else [one.function]
            if isinstance(one, loss_scaling.Unscaled):
                notes.append((one.function.lineno, loss_scaling.note(path, one)))
        if not made and not functions:
            continue
        new, where = rewritten(text, chunks)
        try:
            out += placed(path, new, made)
            out += [Out(path, one.lineno, (), one.name, "", (where.after(one.lineno),)) for one in functions]
        except SyntaxError:  # a block is empty without the optimizer that was made in it
            stayed += [(site, "it cannot be written out where it stands") for site, _ in made]
        else:
            sources[path], lines[path] = new, where
    return Plain(project, sources, lines, tuple(out), tuple(stayed), tuple(notes))


Made = list[tuple[Site, writing.Written]]


def written_out(project: Project, module: Module, left: set[tuple[str, int]]) -> tuple[Made, list[tuple[Site, str]]]:
    """The constructions of a file written out, and those that stay with the reasons."""
    made: Made = []
    stayed: list[tuple[Site, str]] = []
    for site in found.sites(project, module):
        if site.place in left:
            continue
        try:
            write = keras_written.written if found.canned_of(site).head == KERAS else writing.written
            one = write(site, [other for _, other in made])
            if any(not found.is_alone(module, assign) for assign in one.dropped):
                raise Staying("what goes into its model_fn shares a line with other code")
            others = [chunk for known in made for chunk in (*chunks_of(*known), *dropped(module, [known]))]
            alone = [assign for assign in one.dropped if not any(assign in other.dropped for _, other in made)]
            mine = dataclasses.replace(one, dropped=tuple(alone))
            if overlaps([*chunks_of(site, one), *dropped(module, [(site, mine)])], others):
                raise Staying("two constructions share a line")
        except Staying as reason:
            stayed.append((site, str(reason)))
        else:
            made.append((site, one))
    while True:  # an optimizer that two are given goes when both have it written out
        calls = {site.call for site, _ in made}
        short = [site for site, one in made if any(set(given_to(site, n)) - calls for n in names_of(one.dropped))]
        if not short:
            return made, stayed
        stayed += [(site, "an argument is given to another estimator too, which stays") for site in short]
        made = [(site, one) for site, one in made if site not in short]


def names_of(statements: Iterable[ast.stmt]) -> list[str]:
    """The names that assignments among statements bind."""
    assigns = [statement for statement in statements if isinstance(statement, ast.Assign)]
    return [target.id for assign in assigns for target in assign.targets if isinstance(target, ast.Name)]


def dropped(module: Module, made: Made) -> list[Chunk]:
    """The assignments that nothing reads any more, and the functions that stand elsewhere now, once."""
    gone = dict.fromkeys(node for _, one in made for node in one.dropped)
    lines = {node: site.call.lineno for site, one in made for node in one.dropped}
    return [Chunk(first_line(module, node), node.end_lineno or node.lineno, (), lines[node]) for node in gone]


def first_line(module: Module, node: ast.stmt) -> int:
    """The first line of a statement that goes: with a function go the blank lines above it."""
    line: int = node.lineno
    while isinstance(node, ast.FunctionDef) and line > 1 and not module.lines[line - 2].strip():
        line -= 1
    return line


def chunks_of(site: Site, made: writing.Written) -> list[Chunk]:
    """What replaces the lines of a construction, and what is inserted for it."""
    module, call = site.module, site.call
    end = call.end_lineno or call.lineno
    lines = module.lines
    last = lines[end - 1]
    start, stop = module.span(call)
    head = module.text[module.line_start(call.lineno) : start]
    tail = module.text[stop : module.line_start(end) + len(last)]
    whole = (head + made.call + tail).split("\n")
    above = top_line(module, site.statement)
    blank = [] if above == 1 else [line for line in lines[max(0, above - 3) : above - 1] if line.strip()]
    apart = [""] * (0 if above == 1 else 2 if lines[above - 2].strip() else len(blank))
    chunks = [Chunk(call.lineno, end, tuple(whole), call.lineno)]
    chunks.append(Chunk(above, above - 1, (*apart, *made.text, "", ""), call.lineno))
    return [*chunks, *respelled(module, made.respelled)]


def overlaps(chunks: Iterable[Chunk], others: Iterable[Chunk]) -> bool:
    """Whether lines of one are lines of the other."""
    spans = [(c.start, c.end) for c in others]
    return any(chunk.start <= end and start <= chunk.end for chunk in chunks for start, end in spans)


def spec_chunks(one: heads.Written) -> list[Chunk]:
    """What replaces the return of a head's spec, what made the head, and where its size is read."""
    start, end = one.statement.lineno, one.statement.end_lineno or one.statement.lineno
    gone = [Chunk(made.lineno, made.end_lineno or made.lineno, (), start) for made in one.dropped]
    return [Chunk(start, end, one.text, start), *gone, *respelled(one.module, one.sized)]


def top_line(module: Module, statement: ast.stmt) -> int:
    """The first line of a statement at the top of a file, its decorators and the comments right above it included."""
    decorators = getattr(statement, "decorator_list", [])
    line: int = min([statement.lineno, *(d.lineno for d in decorators)])
    while line > 1 and module.lines[line - 2].startswith("#") and not module.lines[line - 2].startswith(CELL):
        line -= 1
    return line


def placed(path: str, text: str, made: list[tuple[Site, writing.Written]]) -> list[Out]:
    """Where the model_fns stand in the new text."""
    defined = {n.name: n.lineno for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
    return [
        Out(
            path,
            site.call.lineno,
            one.lines,
            site.name,
            site.symbol,
            tuple(defined[name] for name in one.functions),
            one.linear_weights,
        )
        for site, one in made
    ]


# -------------------------------------------------------------------------------------------------- its conversion
def options_for(plain: Plain, options: Options) -> Options:
    """The options in the lines of the plainer sources."""
    return asked(options, {f"{one.path}:{one.line}": one.function_lines[0] for one in plain.out}, plain.lines)


def refused(plain: Plain, made: Conversion) -> dict[tuple[str, int], Unit]:
    """The constructions whose model_fn was not converted, with what became of it."""
    units = {(u.path, u.line): u for u in made.ledger.units if u.kind == "model_fn"}
    others = [u for u in units.values() if u.status != "converted"]
    # a function that is no unit may serve every model_fn
    helped = others[0] if others else None
    found = [((o.path, o.line), units.get((o.path, line), helped)) for o in plain.out for line in o.function_lines]
    return {place: unit for place, unit in found if unit is not None and unit.status != "converted"}


def as_written(plain: Plain, made: Conversion, left: Mapping[tuple[str, int], tuple[Finding, ...]]) -> Conversion:
    """The conversion told of the project as it is: its canned estimators are units of their own kind.

    `left`: the constructions that stay because the program around them does, with the reasons.
    """
    functions = {(o.path, line): o for o in plain.out if o.symbol for line in o.function_lines}
    calls = {(o.path, o.line): o for o in plain.out if o.symbol}
    units: list[Unit] = []
    kinds: dict[str, str] = {}
    told_units = told(made, plain.lines, plain.project.sources.get)
    for new, old in zip(made.ledger.units, told_units.ledger.units, strict=True):
        out = functions.get((new.path, new.line))
        if new.kind == "model_fn" and out is not None:
            ident = f"canned_estimator:{out.path}:{out.line}"
            if old.id in kinds:  # the other one of two model_fns
                continue
            kinds[old.id] = ident
            units.append(dataclasses.replace(old, id=ident, kind="canned_estimator", name=out.name))
        elif not (new.kind == "training_loop" and new.name in ESTIMATORS and (old.path, old.line) in calls):
            units.append(old)
    instead: dict[Finding, tuple[Finding, ...]] = {}
    for (path, line), reasons in left.items():
        name = name_at(plain, path, line)
        if name:
            units.append(skipped(path, line, name, reasons))
            continue
        # a head: why its model_fn stays, which is not that a head makes the spec
        instead.update({f: reasons for u in units if (u.path, u.line) == (path, line) for f in u.findings})
    units = [dataclasses.replace(u, findings=replaced(u.findings, instead)) for u in units]
    for line, note in plain.notes:
        here = (note.path, line)
        units = [dataclasses.replace(u, findings=(*u.findings, note)) if (u.path, u.line) == here else u for u in units]
    for site, why in plain.stayed:
        finding = Finding(RULE, "error", *site.place, why)
        units.append(skipped(*site.place, site.name, (finding,)))
    findings = [*replaced(told_units.ledger.findings, instead), *(note for _, note in plain.notes)]
    findings += [f for u in units if u.kind == "canned_estimator" and u.status == "skipped" for f in u.findings]
    symbols = [
        dataclasses.replace(one, name=calls[one.path, one.line].symbol)
        if (one.path, one.line) in calls and one.name.rpartition(".")[2] in ESTIMATORS
        else one
        for one in told_units.ledger.symbols
    ]
    models = []
    for model in told_units.models:
        place = (model["legacy"]["path"], model["legacy"]["line"])
        if model["unit"] in kinds and place in calls:
            one = calls[place]
            legacy = {"path": one.path, "line": one.line, "lines": list(one.lines), "name": one.name}
            model = {**model, "unit": kinds[model["unit"]], "legacy": legacy}
            if one.linear_weights:
                model = {**model, "creation": learned.with_own_names(model["creation"], one.linear_weights)}
        models.append(model)
    ledger = dataclasses.replace(
        told_units.ledger,
        units=tuple(sorted(units, key=lambda u: (u.path,))),
        findings=tuple(dict.fromkeys(findings)),
        symbols=tuple(symbols),
    )
    return Conversion(told_units.edits, ledger, tuple(models))


def replaced(findings: Iterable[Finding], instead: Mapping[Finding, tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """The findings, with others in the place of some."""
    return tuple(dict.fromkeys(f for one in findings for f in instead.get(one, (one,))))


def skipped(path: str, line: int, name: str, reasons: tuple[Finding, ...]) -> Unit:
    """The unit of a construction that stays."""
    ident = f"canned_estimator:{path}:{line}"
    return Unit(ident, f"{path}:{line}", "canned_estimator", path, line, name, "skipped", "review", None, reasons)


def name_at(plain: Plain, path: str, line: int) -> str:
    """The name of the estimator that is made on a line."""
    module = plain.project.module(path)
    sites = found.sites(plain.project, module) if module is not None else ()
    return next((site.name for site in sites if site.call.lineno == line), "")
