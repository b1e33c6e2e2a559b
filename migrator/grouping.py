"""Groups of model_fns: those that are converted together, and what is done where groups share a file."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Mapping

from migrator.analysis.evaluate import Evaluator
from migrator.analysis.facts import Refusal
from migrator.conversion import ModelMap
from migrator.detect import modes
from migrator.detect.program import Construction, ModelFn, Program, Use
from migrator.emit.support import support_names
from migrator.ledger import Finding, Kind, Level, Status, Target, Unit
from migrator.lower.bodies.versions import Doubled
from migrator.lower.models import units
from migrator.lower.models.delegation import delegate
from migrator.source.project import Project
from migrator.source.syntax import every

JOINED = 8  # so many groups at most are tried together because they stop at each other
KINDS: dict[str, Kind] = {"export_savedmodel": "export", "export_saved_model": "export"}


@dataclasses.dataclass(frozen=True, eq=False)
class UnitGroup:
    """Units that must change together: a model_fn, its Estimators and what is called on them."""

    id: str
    model_fns: tuple[ModelFn, ...]
    constructions: tuple[Construction, ...]
    uses: tuple[Use, ...]


def find_delegates(project: Project, program: Program, evaluator: Evaluator) -> dict[ast.FunctionDef, ast.FunctionDef]:
    """model_fn -> the function that makes its specs, where that is another one."""
    makers = {fn.node for fn in program.model_fns}
    found: dict[ast.FunctionDef, ast.FunctionDef] = {}
    for fn in program.model_fns:
        if any(every(fn.node, ast.Return)):
            try:
                target = delegate(modes.evaluate_model_fns(project, evaluator.rules, [fn], evaluator), fn.node)
            except RecursionError:
                continue  # its own group says so
            if target is not None and target in makers:
                found[fn.node] = target
    return found


def partition(program: Program, delegates: Mapping[ast.FunctionDef, ast.FunctionDef]) -> list[UnitGroup]:
    """Connected model_fns, constructions and uses."""
    parent: dict[object, object] = {}

    def root(item: object) -> object:
        parent.setdefault(item, item)
        while parent[item] is not item:
            item = parent[item]
        return item

    for node, target in delegates.items():
        parent[root(node)] = root(target)
    for construction in program.constructions:
        for node in construction.model_fns:
            parent[root(construction.call)] = root(node)
    for use in program.uses:
        root(use.call)
        for made in use.estimators:
            parent[root(use.call)] = root(made)
    members: dict[object, tuple[list[ModelFn], list[Construction], list[Use]]] = {}
    for fn in program.model_fns:
        members.setdefault(root(fn.node), ([], [], []))[0].append(fn)
    for construction in program.constructions:
        members.setdefault(root(construction.call), ([], [], []))[1].append(construction)
    for use in program.uses:
        members.setdefault(root(use.call), ([], [], []))[2].append(use)
    groups = []
    for fns, constructions, uses in members.values():
        first = fns[0] if fns else None
        path, line = (
            (first.module.path, first.node.lineno)
            if first
            else (constructions[0].module.path, constructions[0].call.lineno)
            if constructions
            else (uses[0].module.path, uses[0].call.lineno)
        )
        groups.append(UnitGroup(f"{path}:{line}", tuple(fns), tuple(constructions), tuple(uses)))
    return sorted(groups, key=lambda g: g.id)


def unblocked(
    outcomes: list[tuple[UnitGroup, Outcome]], again: Callable[[UnitGroup], Outcome]
) -> list[tuple[UnitGroup, Outcome]]:
    """Groups of which one stops at the other's Estimator are converted together, where that can be done.

    A script makes one Estimator after the other, for example: neither part of it can stay as it is.
    """
    done = list(outcomes)
    tried: set[frozenset[str]] = set()
    for group, outcome in outcomes:
        if (group, outcome) not in done:
            continue
        joined, whole = [(group, outcome)], outcome
        while len(joined) <= JOINED and not whole.texts:
            other = next((item for item in done if item not in joined and is_in_the_way(item[0], whole)), None)
            if other is None:
                break
            joined = [item for item in done if item in joined or item is other]
            ids = frozenset(member.id for member, _ in joined)
            if ids in tried:
                break
            tried.add(ids)
            whole = again(together([member for member, _ in joined]))
        if len(joined) > 1 and whole.texts:
            done[done.index(joined[0])] = (together([member for member, _ in joined]), whole)
            done = [item for item in done if item not in joined]
        elif len(joined) > 1:  # what stops all of them says more than that one stops at the other
            done = [(one, refused_again(one, other, whole) if (one, other) in joined else other) for one, other in done]
    return done


def refused_again(group: UnitGroup, outcome: Outcome, whole: Outcome) -> Outcome:
    """The refusal of a group for the reason that it and others have together; `outcome` is that of the group alone."""
    return Outcome(group_units(group, "skipped", "exact", {}, whole.findings), whole.findings, {}, [], outcome.doubled)


def is_in_the_way(group: UnitGroup, outcome: Outcome) -> bool:
    """Whether an outcome was refused at an Estimator of a group, or where one is used."""
    reason = outcome.findings[0] if not outcome.texts and outcome.findings else None
    calls: tuple[Construction | Use, ...] = (*group.constructions, *group.uses)
    places = {(item.module.path, item.call.lineno) for item in calls}
    return reason is not None and (reason.path, reason.line) in places


def settled(
    outcomes: list[tuple[UnitGroup, Outcome]], again: Callable[[UnitGroup], Outcome]
) -> list[tuple[UnitGroup, Outcome]]:
    """Groups that change the same file become one and are converted together; where that fails, only some of them are.

    Those are the first, or the others where these are more and can be converted without it.
    """
    done: list[tuple[UnitGroup, Outcome]] = []
    left: dict[UnitGroup, list[tuple[UnitGroup, Outcome]]] = {}  # a converted group -> those that it keeps out
    for group, outcome in outcomes:
        sharing = [item for item in done if shared_files(item[1], outcome)]
        if not sharing:
            done.append((group, outcome))
            continue
        whole = together([*(other for other, _ in sharing), group])
        attempt = again(whole)
        if attempt.texts:
            at = done.index(sharing[0])
            done = [item for item in done if item not in sharing]
            done.insert(at, (whole, attempt))
            left[whole] = [item for other, _ in sharing for item in left.pop(other, [])]
        else:
            left.setdefault(sharing[0][0], []).append((group, outcome))
    for first, outcome in list(done):
        others = left.get(first, [])
        winner = (first, outcome)
        if sum(len(group.model_fns) for group, _ in others) > len(first.model_fns):
            whole = together([group for group, _ in others])
            attempt = again(whole)
            if attempt.texts and not any(shared_files(kept, attempt) for group, kept in done if group is not first):
                done[done.index(winner)] = (whole, attempt)
                winner, others = (whole, attempt), [winner]
        done += [(group, kept_out(group, other, winner)) for group, other in others]
    return done


def kept_out(group: UnitGroup, outcome: Outcome, winner: tuple[UnitGroup, Outcome]) -> Outcome:
    """The refusal of a group that needs another form of a file than the group that is converted."""
    path = (shared_files(winner[1], outcome) or [group.id.rsplit(":", 1)[0]])[0]
    message = f"{path} is changed for {winner[0].id}, and both together cannot be converted: migrate them apart"
    return refused_outcome(group, Refusal("shared-file", path, int(group.id.rsplit(":", 1)[1]), message))


def shared_files(one: Outcome, other: Outcome) -> list[str]:
    """Files that two outcomes both change; the support module is not one: its names are merged."""
    return sorted(p for p in one.texts.keys() & other.texts.keys() if support_names(one.texts[p]) is None)


def together(groups: list[UnitGroup]) -> UnitGroup:
    """Several groups as one."""
    return UnitGroup(
        groups[0].id,
        tuple(fn for group in groups for fn in group.model_fns),
        tuple(item for group in groups for item in group.constructions),
        tuple(use for group in groups for use in group.uses),
    )


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one group."""

    units: list[Unit]
    findings: list[Finding]
    texts: dict[str, str]
    maps: list[ModelMap]
    doubled: tuple[Doubled, ...] = ()


def refused_outcome(group: UnitGroup, reason: Refusal) -> Outcome:
    """A group that stays as it is."""
    finding = Finding(reason.rule, "error", reason.path, reason.line, reason.message)
    return Outcome(group_units(group, "skipped", "exact", {}, [finding]), [finding], {}, [])


def unit_id(kind: str, path: str, line: int) -> str:
    """A unit's id: stable for the same source."""
    return f"{kind}:{path}:{line}"


def group_units(
    group: UnitGroup,
    status: Status,
    level: Level,
    models: Mapping[ast.AST, units.LoweredModel],
    findings: list[Finding],
) -> list[Unit]:
    """The ledger's units of a group, all with the group's fate."""
    shown = tuple(findings)
    result: list[Unit] = []
    for fn in group.model_fns:
        model = models.get(fn.node)
        target = Target(fn.module.path, model.class_name, "subclass") if model is not None else None
        ident = unit_id("model_fn", fn.module.path, fn.node.lineno)
        result.append(
            Unit(
                ident,
                group.id,
                "model_fn",
                fn.module.path,
                fn.node.lineno,
                fn.qualname,
                status,
                level,
                target,
                shown,
            )
        )
    calls: list[Construction | Use] = [*group.constructions, *group.uses]
    for item in calls:
        kind: Kind = KINDS.get(getattr(item, "kind", ""), "training_loop")
        name = getattr(item, "kind", "Estimator")
        ident = unit_id(kind, item.module.path, item.call.lineno)
        result.append(Unit(ident, group.id, kind, item.module.path, item.call.lineno, name, status, level, None, shown))
    return result
