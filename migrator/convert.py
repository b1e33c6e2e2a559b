"""One conversion: sources in, planned edits and ledger out. Pure: reads no files and runs nothing."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping

from migrator import cells, rulebook
from migrator.analysis import told
from migrator.analysis.evaluate import Evaluator
from migrator.analysis.facts import Facts, Refusal
from migrator.conversion import Conversion, FileEdit, ModelMap, Options, join, merged_support
from migrator.detect import modes, programs
from migrator.detect.program import Construction, ModelFn, Program, Use
from migrator.grouping import (
    Outcome,
    UnitGroup,
    find_delegates,
    group_units,
    partition,
    refused_outcome,
    settled,
    unblocked,
    unit_id,
)
from migrator.ledger import FileProblem, Finding, Ledger, Level, Unit
from migrator.lower.bodies import objects, versions
from migrator.lower.bodies.versions import Doubled, Overwritten
from migrator.lower.models import units
from migrator.lower.models.definition_classes import lower_definition
from migrator.lower.models.delegation import lower_delegator
from migrator.lower.programs import export_calls
from migrator.lower.programs.assembly import group_edits
from migrator.lower.programs.group import Group
from migrator.lower.reading.context import Context, Refused, Shared
from migrator.lower.reading.owner import Owner
from migrator.plain import plainer
from migrator.source.components import components, part
from migrator.source.inventory import inventory
from migrator.source.project import Project
from migrator.source.references import broken_references

__all__ = ["Conversion", "FileEdit", "ModelMap", "Options", "convert"]

VALUES = 6  # so many values may share a name in one model_fn
RENAMED_FILES = 300  # in a larger project it would take too long to look at everything again


def convert(sources: Mapping[str, str], options: Options = Options()) -> Conversion:
    """Plan the migration of a tree of sources (root-relative posix path -> text).

    Unparsable files are problems in the ledger; refused units carry their reason; nothing raises for bad input.
    Files that cannot see each other are converted one part after the other, so that the plan of a part depends on
    nothing else in the tree: it can be made in another process, and kept.
    """
    project = Project(sources)
    return join([planned(part(project, paths), options) for paths in components(project)])


def convert_part(sources: Mapping[str, str], options: Options = Options()) -> Conversion:
    """The plan of one part of a tree: sources that can see each other and nothing else."""
    return planned(Project(sources), options)


def planned(project: Project, options: Options) -> Conversion:
    """The conversion, where canned estimators are written out as model_fns of the program: those that then convert."""
    left: dict[tuple[str, int], tuple[Finding, ...]] = {}
    while True:
        plain = plainer.plainer(project, left)
        if not plain.out:
            made = planned_with_names(project, options)
        else:
            made = planned_with_names(Project(plain.sources), plainer.options_for(plain, options))
        refused = plainer.refused(plain, made)
        if not refused:
            return plainer.as_written(plain, made, left)
        whole = plainer.as_written(plain, made, left)
        units = {(unit.path, unit.line): unit for unit in whole.ledger.units if unit.kind != "training_loop"}
        left |= {place: units[place].findings if place in units else () for place in refused}


def planned_with_names(project: Project, options: Options) -> Conversion:
    """The conversion, where two values that share a name have one each if that is what a model_fn needs."""
    made, doubled = planned_as_written(project, options)
    sources: Mapping[str, str] = project.sources
    renamed: set[tuple[str, int]] = set()
    for _ in range(VALUES if len(sources) <= RENAMED_FILES else 0):
        sources, done = versions.separated(sources, doubled)
        if not done:
            break
        renamed |= {(one.path, one.function) for one in done}
        other, doubled = planned_as_written(Project(sources), options)
        units = [unit for unit in other.ledger.units if (unit.path, unit.line) in renamed]
        if units and all(unit.status == "converted" for unit in units):
            edits = (dataclasses.replace(edit, before=project.sources.get(edit.path)) for edit in other.edits)
            made = dataclasses.replace(other, edits=tuple(edit for edit in edits if edit.before != edit.after))
    return made


def planned_as_written(project: Project, options: Options) -> tuple[Conversion, list[Doubled]]:
    """The conversion itself, and the names under which a model_fn needs two values of its network."""
    rules = rulebook.load()
    sources = project.sources
    problems = [parse_problem(project, path) for path in programs.candidates(project)]
    program, evaluator = programs.survey(project, rules)
    delegates = find_delegates(project, program, evaluator)
    known = Sources(project, program, evaluator, options, delegates)
    groups = partition(program, delegates)
    texts: dict[str, str] = {}
    touched: dict[str, set[str]] = {}
    found: list[Unit] = []
    findings: list[Finding] = []
    maps: list[ModelMap] = []
    doubled: list[Doubled] = []

    def outcome_of(group: UnitGroup) -> Outcome:
        return convert_group(known, group)

    outcomes = unblocked([(group, outcome_of(group)) for group in groups], outcome_of)
    for group, outcome in settled(outcomes, outcome_of):
        found += outcome.units
        findings += outcome.findings
        maps += outcome.maps
        doubled += outcome.doubled
        for path, text in outcome.texts.items():
            texts[path] = merged_support(texts[path], text) if path in texts else text
            touched.setdefault(path, set()).add(group.id)
    for fn in program.unattached:
        lone = UnitGroup(f"{fn.module.path}:{fn.node.lineno}", (fn,), (), ())
        message = "no Estimator in the files read is given it, and it makes no EstimatorSpec itself"
        outcome = refused_outcome(lone, Refusal("unattached", fn.module.path, fn.node.lineno, message))
        found += outcome.units
        findings += outcome.findings
    edits = tuple(
        FileEdit(path, sources.get(path), text, frozenset(touched[path]))
        for path, text in sorted(texts.items())
        if text != sources.get(path)
    )
    converted = {e.path for e in edits}
    symbols = inventory(project, found, converted, texts)
    ledger = Ledger(
        files_scanned=len(sources),
        files_changed=len(edits),
        units=tuple(found),
        symbols=symbols,
        findings=tuple(findings),
        problems=tuple(p for p in problems if p is not None),
    )
    return Conversion(edits, ledger, tuple(maps)), doubled


def parse_problem(project: Project, path: str) -> FileProblem | None:
    """The problem of a file that does not parse."""
    parsed = project.parsed(path)
    if isinstance(parsed, SyntaxError):
        where = f" (line {parsed.lineno})" if parsed.lineno else ""
        advice = "; this is Python 2: bring it to Python 3 first" if is_python_2(parsed) else ""
        return FileProblem(path, "unparsable", f"{parsed.msg}{where}{advice}")
    return None


def is_python_2(error: SyntaxError) -> bool:
    """True for what only Python 2 could read: a print statement, tabs among blanks, a name behind an exception."""
    marks = ("Missing parentheses in call to", "inconsistent use of tabs", "multiple exception types")
    return error.msg.startswith(marks)


# ---------------------------------------------------------------------------------------------------------- groups


@dataclasses.dataclass(frozen=True, eq=False)
class Sources:
    """What is known of the sources before any of their groups is converted."""

    project: Project
    program: Program
    evaluator: Evaluator
    options: Options
    delegates: Mapping[ast.FunctionDef, ast.FunctionDef]  # model_fn -> the one that makes its specs


def convert_group(known: Sources, group: UnitGroup) -> Outcome:
    """Convert a group whole, or say why not."""
    try:
        if group.id in known.options.excluded_groups:
            raise Refused(Refusal("not-verified", group.id.rsplit(":", 1)[0], 1, "its verification failed"))
        refuse_notebooks(group)
        if not known.program.whole:
            path, line = group.id.rsplit(":", 1)
            message = "the project is larger than the survey follows: migrate the folder of one program at a time"
            raise Refused(Refusal("too-large", path, int(line), message))
        return converted(known, group)
    except Overwritten as refused:
        return dataclasses.replace(refused_outcome(group, refused.refusal), doubled=(refused.doubled,))
    except Refused as refused:
        return refused_outcome(group, refused.refusal)
    except RecursionError:
        path, line = group.id.rsplit(":", 1)
        message = "the code is nested deeper than the analysis follows"
        return refused_outcome(group, Refusal("too-deep", path, int(line), message))
    except Exception as error:  # the boundary of a group: a fault of the tool leaves it untouched, and the others whole
        path, line = group.id.rsplit(":", 1)
        message = f"a fault of the tool ({type(error).__name__}); the code is left as it is"
        return refused_outcome(group, Refusal("fault", path, int(line), message))


def refuse_notebooks(group: UnitGroup) -> None:
    """Refuse a group with a part in a notebook of which a cell cannot be read: it may bind what the others read."""
    calls: list[Construction | Use] = [*group.constructions, *group.uses]
    modules = {item.module.path: item.module for item in (*group.model_fns, *calls)}
    for path, module in modules.items():
        cell = cells.unreadable(module.text) if path.endswith(cells.SUFFIX) else None
        if cell is not None:
            raise Refused(Refusal("notebook", path, *cell))


def converted(known: Sources, group: UnitGroup) -> Outcome:
    """The edits of a group. Raises Refused."""
    outer, models, contexts = lowered_models(known, group, Shared())
    if outer.shared.grown:
        # what the last model_fns read of an object that they share, the layer of the first has to return as well
        shared = Shared(held=outer.shared.held, held_methods=outer.shared.held_methods)
        outer, models, contexts = lowered_models(known, group, shared)
    return assembled(known, group, outer, models, contexts)


def lowered_models(
    known: Sources, group: UnitGroup, shared: Shared
) -> tuple[Context, dict[ast.AST, units.LoweredModel], list[Context]]:
    """The models of a group, with the context that they share and those of their own. Raises Refused.

    `shared`: what is known of it already, such as the attributes of objects that are read somewhere.
    """
    project, rules, delegates = known.project, known.evaluator.rules, known.delegates
    outer = Context(lower_definition, project, rules, known.program.facts, known.options, shared=shared)
    models: dict[ast.AST, units.LoweredModel] = {}
    contexts: list[Context] = []
    evaluated = evaluated_together(known, group)
    for fn in sorted(group.model_fns, key=lambda f: f.node in delegates):
        facts = evaluated[fn]
        if facts.refusals:
            raise Refused(facts.refusals[0])
        ctx = Context(lower_definition, project, rules, facts, known.options, shared=outer.shared)
        ctx.support, ctx.imports, ctx.taken = outer.support, outer.imports, outer.taken
        ctx.exports = any(export_calls.exports(use) for use in group.uses)
        ctx.exports_one_of = any(export_calls.exports_one_of(use, group.constructions) for use in group.uses)
        ctx.receives_texts = any(export_calls.receives_texts(outer, use) for use in group.uses)
        if fn.node in delegates:
            models[fn.node] = lower_delegator(ctx, fn.module, fn.node, models[delegates[fn.node]])
        else:
            if len(fn.classes) > 1:
                message = "it is a method of objects of several classes, each of which may build another network"
                raise outer.refuse("model-fn-classes", fn.node, fn.module, message)
            objects.check_unchanged(ctx, known.program.facts, fn.node, [c.call for c in group.constructions])
            models[fn.node] = units.lower_model_fn(ctx, fn.module, fn.node)
        contexts.append(ctx)
    return outer, models, contexts


def evaluated_together(known: Sources, group: UnitGroup) -> dict[ModelFn, Facts]:
    """The facts of the model_fns of a group: what tells one of them the mode may tell another that never trains."""
    project, evaluator, delegates = known.project, known.evaluator, known.delegates
    by_node = {fn.node: fn for fn in group.model_fns}
    through = {
        fn: [by_node[n] for n, target in delegates.items() if target is fn.node and n in by_node] or [fn]
        for fn in group.model_fns
    }
    found = {fn: modes.evaluate_model_fns(project, evaluator.rules, fns, evaluator) for fn, fns in through.items()}
    telling = frozenset().union(*(told.telling(facts) for facts in found.values()))
    for fn, facts in found.items():
        never = told.untrained(facts, fn.node, telling)
        if never:
            found[fn] = modes.evaluate_model_fns(project, evaluator.rules, through[fn], evaluator, never)
    return found


def assembled(
    known: Sources,
    group: UnitGroup,
    outer: Context,
    models: dict[ast.AST, units.LoweredModel],
    contexts: list[Context],
) -> Outcome:
    """The files of a group whose models are lowered. Raises Refused."""
    program, editable = known.program, known.options.editable
    constructed = {c.call for c in program.constructions}
    for use in group.uses:
        if not use.estimators or any(e not in constructed for e in use.estimators):
            raise outer.refuse("estimator-unknown", use.call, use.module, "which Estimator this is cannot be followed")
    for escape in program.escapes:
        if {c.call for c in group.constructions} & set(escape.estimators):
            message = f"the Estimator is handed to `{escape.result.symbol}`, which has no counterpart"
            raise outer.refuse("estimator-escapes", escape.call, escape.module, message)
    for construction in group.constructions:
        if not construction.model_fns or any(n not in models for n in construction.model_fns):
            raise outer.refuse(
                "model-fn", construction.call, construction.module, "which model_fn it is given cannot be followed"
            )
    lowered = Group(outer, program, models, {c.call: c for c in group.constructions}, {u.call: u for u in group.uses})
    new = group_edits(lowered, contexts, {})
    outside = [p for p in new if editable is not None and p in known.project.sources and p not in editable]
    if outside:
        raise Refused(Refusal("outside", outside[0], 1, f"it reaches outside the named paths: {outside[0]}"))
    findings = [f for c in (*contexts, outer) for f in c.findings]
    order: tuple[Level, ...] = ("exact", "support", "review")
    level = order[max(order.index(c.level) for c in (*contexts, outer))]
    maps = [model_map(fn, models[fn.node]) for fn in group.model_fns if fn.node not in known.delegates.values()]
    elsewhere = names_elsewhere(known.project, new, models, contexts)
    return Outcome(group_units(group, "converted", level, models, findings), [*findings, *elsewhere], new, maps)


def names_elsewhere(
    project: Project, texts: Mapping[str, str], models: Mapping[ast.AST, units.LoweredModel], contexts: list[Context]
) -> list[Finding]:
    """Uses of changed definitions that were not followed, in other modules, tests and notebooks: a person's work."""
    renamed: dict[str, dict[str, str]] = {}
    for model in models.values():
        if model.top_level:
            renamed.setdefault(model.module.path, {})[model.node.name] = model.builder
    for owner in (owner for ctx in contexts for owner in ctx.owners.values()):
        if isinstance(owner, Owner) and owner.cls is None and owner.node in owner.module.tree.body:
            renamed.setdefault(owner.module.path, {})[owner.node.name] = owner.class_name

    def followed(call: ast.Call) -> bool:
        return any(call in ctx.facts.callees for ctx in contexts)

    return [
        Finding("name-elsewhere", "error", use.path, use.line, f"`{use.name}` of {use.module}: {use.reason}")
        for use in broken_references(project, texts, renamed, followed)
    ]


def model_map(fn: ModelFn, model: units.LoweredModel) -> ModelMap:
    """The weight map of one converted model_fn."""
    return {
        "unit": unit_id("model_fn", fn.module.path, fn.node.lineno),
        "legacy": {"path": fn.module.path, "line": fn.node.lineno, "name": fn.qualname},
        "target": {"path": fn.module.path, "name": model.class_name},
        "creation": model.creation,
    }
