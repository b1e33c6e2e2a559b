"""Layers that every trip of a loop uses: made once before the loop, where the trips of TF1 took the same variables."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step, walk
from migrator.analysis.soundness import active
from migrator.lower.bodies.owned_calls import static_parts, training_part
from migrator.lower.layers import reuse
from migrator.lower.reading.definitions import parameter_roles
from migrator.lower.reading.slices import all_definitions, defined_by, is_kept, kept_name
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.facts import Creation, Trip
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site

LIFTED = ("layer", "function", "variable")
Verdict = bool | None  # whether trips share what they make; None: there is one trip, or none makes anything


@dataclasses.dataclass(frozen=True)
class Made:
    """What one execution of an owning call makes, or finds made."""

    activation: tuple[str, int]  # of the body around the call, by mode
    trip: Trip
    creations: tuple[Creation, ...]

    def number(self, loop: ast.AST) -> int | None:
        """The number of the trip of a loop around, the innermost activation of it; None where it is not known."""
        return next((number for node, number in reversed(self.trip) if node is loop), None)


def executions(st: Body, call: ast.Call) -> Iterator[Made]:
    """What each execution of an owning call made."""
    facts = st.ctx.facts
    if call in facts.activations:
        for frame in facts.activations[call]:
            if not frame.supposed:
                yield Made((frame.mode, id(frame.parent)), frame.trip, tuple(frame.creations))
        return
    for mode, creations in facts.creations.items():
        for made in creations:
            if made.call is call:
                yield Made((mode, id(made.frame)), made.trip, (made,))


def taken(st: Body, call: ast.Call) -> tuple[set[str], list[bool]]:
    """The names that a call makes, and whether each exists; what it made itself on an earlier trip does not count."""
    names: set[str] = set()
    own: dict[tuple[str, int], set[str]] = {}
    found = list(executions(st, call))
    for made in found:
        names |= {c.name for c in made.creations}
        own.setdefault(made.activation, set()).update(c.name for c in made.creations if not c.reused)
    return names, [
        c.reused for made in found for c in made.creations if not c.reused or c.name not in own[made.activation]
    ]


def lift(st: Body, site: Site, call: ast.Call) -> None:
    """Take a site out of the loops whose trips all use the variables of the first."""
    loops: list[ast.AST] = [step.node for step in site.loops]
    if site.comprehension is not None:
        loops.append(site.comprehension)
    if site.own.kind == "layer_object":
        lift_object(site)
    if not loops or site.own.kind in ("metric", "layer_object") or not active("trips-apart"):
        return
    found = list(executions(st, call))
    verdicts = [verdict(found, loops, place) for place in range(len(loops))]
    if "mixed" in verdicts:
        message = "some of what one trip of a loop makes is shared with other trips, and some is not"
        raise st.ctx.refuse("reuse-unknown", site.own.call, st.module, message)
    if True not in verdicts:
        return
    first = verdicts.index(True)
    if False in verdicts[first:]:
        message = "the trips of a loop share what a loop inside it makes one by one"
        raise st.ctx.refuse("reuse-unknown", site.own.call, st.module, message)
    if site.own.kind not in (*LIFTED, "entry") or not all(c.sure for made in found for c in made.creations):
        message = "whether one trip of a loop uses the variables of another is not known"
        raise st.ctx.refuse("reuse-unknown", site.own.call, st.module, message)
    site.lifted = site.loops[first:]
    site.loops = site.loops[:first]
    site.comprehension = None
    if site.own.kind == "entry":
        return  # the object is made elsewhere
    if site.condition is not None or any(
        inner.kind in ("if", "try") and site.step in walk([inner]) for loop in site.lifted for inner in walk([loop])
    ):
        message = "a layer that all trips of a loop share is made under a condition inside the loop"
        raise st.ctx.refuse("reuse-unknown", site.own.call, st.module, message)


def lift_object(site: Site) -> None:
    """Take the call of a layer object out of the loops around it that do not choose the object."""
    holder = site.own.holder
    while isinstance(holder, ast.Subscript) or (isinstance(holder, ast.Attribute) and not is_kept(holder)):
        holder = holder.value
    name = holder.id if isinstance(holder, ast.Name) else kept_name(holder.attr) if holder and is_kept(holder) else None
    inside = {n.id for n in every(site.own.holder, ast.Name)} if site.own.holder else set()
    while name and site.loops and not all_definitions(site.loops[-1]) & {name, *inside}:
        site.lifted = (site.loops[-1], *site.lifted)
        site.loops = site.loops[:-1]


def verdict(found: list[Made], loops: list[ast.AST], place: int) -> Verdict | str:
    """Whether the trips of one of these loops share what they make; "mixed" where some do, or share a part of it."""
    loop = loops[place]
    said: set[Verdict] = set()
    apart: dict[tuple[object, ...], dict[int | None, tuple[set[str], set[str]]]] = {}  # names, and the new ones of them
    for made in found:
        if made.number(loop) is None:
            said |= {loop in c.shared for c in made.creations}
            continue
        others = (made.activation, *(made.number(node) for node in loops if node is not loop))
        names, new = apart.setdefault(others, {}).setdefault(made.number(loop), (set(), set()))
        names |= {c.name for c in made.creations}
        new |= {c.name for c in made.creations if not c.reused}
    for trips in apart.values():
        sets = [both for both in trips.values() if both[0]]
        for number, (names, new) in enumerate(sets):
            for other, other_new in sets[:number]:
                common = (names & other) - (new & other_new)  # what is new on both has a number that is not known
                said |= {True} if common == names == other else {False} if not common else {True, False}
    return "mixed" if len(said) == 2 else next(iter(said), None)


def follow(site: Site, known: Site) -> None:
    """The same site in another staging of its body: out of the same loops."""
    nodes = {step.node for step in known.lifted}
    site.lifted = tuple(step for step in site.loops if step.node in nodes)
    site.loops = tuple(step for step in site.loops if step.node not in nodes)
    site.comprehension = known.comprehension


def out_of(st: Body, loop: Step) -> Iterator[Site]:
    """The sites that are made before a loop, once for all of its trips."""
    for site in st.sites.values():
        if site.lifted and site.lifted[0] is loop and site.shared is None and site.attr and not st.apart(site):
            check_lifted(st, site)
            yield site


def makes_nothing_else(st: Body, loop: Step, needed: set[Step]) -> bool:
    """True for a loop that has nothing left to do at construction, once its layers are made before it."""
    if any(loop in site.loops and site.shared is None for site in st.sites.values()):
        return False
    lifted = {site.step for site in st.sites.values() if site.lifted}
    inside = [inner for inner in walk([loop]) if inner in needed and inner not in lifted]
    return not any(inner.kind == "simple" and defined_by(inner)[0] for inner in inside)


def check_lifted(st: Body, site: Site) -> None:
    """Refuse a layer that is made before its loop of what the loop changes, or whose averages the trips use unalike."""
    changed = all_definitions(site.lifted[0])
    for part in made_of(st, site):
        for node in descendants(part):
            name = node.id if isinstance(node, ast.Name) else kept_name(node.attr) if is_kept(node) else ""
            if name in changed:
                message = "a layer that all trips of a loop share is made of what changes from trip to trip"
                raise st.ctx.refuse("reused-alike", site.own.call, st.module, message)
    if averages_by_trip(st, site, changed):
        message = (
            "the moving averages of a layer are read on one trip and updated on another, in an order TF1 left open"
        )
        raise st.ctx.refuse("reused-alike", site.own.call, st.module, message)


def made_of(st: Body, site: Site) -> list[ast.AST]:
    """The expressions that tell what an owning call makes; whether it reuses is known."""
    definition = site.own.definition
    told = reuse.told(st, site) if site.own.kind != "variable" else {}
    if definition is None:
        only = {id(value) for name, value in told.items() if name == "reuse"}
    else:
        only = {id(value) for name, value in told.items() if reuse.only_reuse(definition, name)}
    return [part for part in (*static_parts(st, site), *told.values()) if id(part) not in only]


def averages_by_trip(st: Body, site: Site, changed: frozenset[str]) -> bool:
    """True for a batch norm that may be told to train on some trips, and not on others."""
    own = site.own
    if own.definition is not None:
        if not reuse.has_averages(st.ctx, own.definition):
            return False
        roles = parameter_roles(st.ctx, st.module, own.definition)
        if reuse.late_parameters(st.ctx, own.definition, roles):
            return True
        telling = list(reuse.told(st, site, "mode").values())
    elif own.rule is not None and own.rule.training and any(n.startswith("moving_") for n in own.rule.weights):
        telling = training_part(st, site)
    else:
        return False
    return any(isinstance(n, ast.Name) and n.id in changed for e in telling for n in descendants(e))
