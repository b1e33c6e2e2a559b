"""A model_fn taken apart: what its class is written from, and how a method takes its values from the forward pass."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from migrator.analysis.modes import ALL, Step, walk
from migrator.analysis.values import Value
from migrator.emit.layout import hung
from migrator.lower.bodies import rendering
from migrator.lower.bodies.staging import Staging
from migrator.lower.bodies.versions import Overwritten
from migrator.lower.reading.slices import Provided, all_definitions, definitions, leaves, slice_steps
from migrator.lower.reading.unbound import bound_by, surely_read

if TYPE_CHECKING:
    from migrator.analysis.values import Value
    from migrator.lower.reading.context import Context
    from migrator.lower.spec.metric_entries import Entry
    from migrator.source.module import Module


@dataclasses.dataclass(eq=False)
class Fields:
    """The EstimatorSpec of one mode: its call, and the expression of each field given."""

    call: ast.expr  # a tuple where the three fields are returned as they are
    expressions: dict[str, ast.expr]
    values: dict[str, Value]


@dataclasses.dataclass(eq=False)
class ModelParts:
    """A model_fn taken apart, while its class is being written."""

    ctx: Context
    module: Module
    node: ast.FunctionDef
    roles: dict[str, str]
    features: str
    labels: str
    fields: dict[str, Fields]  # by mode
    st: Staging  # all modes
    forward: set[Step] = dataclasses.field(default_factory=set)
    forward_nodes: set[ast.stmt] = dataclasses.field(default_factory=set)
    cut: list[str] = dataclasses.field(default_factory=list)
    training: bool = False
    methods: list[list[str]] = dataclasses.field(default_factory=list)
    call_modes: frozenset[str] = ALL  # the modes whose forward pass `call` is; prediction may have its own
    stagings: dict[frozenset[str], Staging] = dataclasses.field(default_factory=dict)
    model_parameters: list[str] = dataclasses.field(default_factory=list)
    results: list[tuple[str, Entry]] = dataclasses.field(default_factory=list)  # (key, value computed from metrics)
    helper_results: dict[ast.FunctionDef, list[tuple[str, Entry]]] = dataclasses.field(default_factory=dict)
    updated: set[ast.Call] = dataclasses.field(default_factory=set)  # metrics of helpers that are updated
    hidden: set[ast.Call] = dataclasses.field(default_factory=set)  # metrics that only such values are computed from
    absent: set[str] = dataclasses.field(default_factory=set)  # what `call` gives back as None where it is not made
    prediction_branch: Step | None = None  # by which only predictions change their features
    taken_out: set[ast.stmt] = dataclasses.field(default_factory=set)  # its statements
    made_with: set[str] = dataclasses.field(default_factory=set)  # parameters that metrics are made with

    def staging(self, modes: frozenset[str]) -> Staging:
        """The body specialised for some modes, sharing attributes with the whole."""
        if modes in (ALL, self.st.modes):
            return self.st
        if modes not in self.stagings:
            st = Staging(
                self.ctx,
                self.module,
                self.node,
                self.st.roles,
                self.st.self_name,
                modes=modes,
                is_model=True,
                base=self.st,
            )
            st.steps = [s for s in st.steps if s.node not in self.taken_out]
            self.stagings[modes] = st
        return self.stagings[modes]

    @property
    def call_staging(self) -> Staging:
        """The body that `call` comes from."""
        return self.staging(self.call_modes)

    def provided(self) -> Provided:
        """The steps that `call` runs: other methods take their results from it."""
        return Provided(lambda step: any(s.node in self.forward_nodes for s in walk([step])))


def check_versions(parts: ModelParts, st: Staging, provided: Provided) -> None:
    """Refuse when a field needs a value that the forward pass overwrites later."""
    last: dict[str, ast.stmt] = {}
    for step in walk(st.steps):
        if step.node in parts.forward_nodes or (step.kind in ("for", "while", "if") and parts.provided().test(step)):
            for name in all_definitions(step):
                if step.kind == "simple" or name not in last:
                    last[name] = step.node
    for name, step in provided.stale.items():
        raise overwritten(parts, name, step.node)
    for name, step in provided.items():
        inside = {s.node for s in walk([step])}
        if name in last and last[name] not in inside:
            raise overwritten(parts, name, last[name])


def check_predicted(parts: ModelParts, forward: set[Step]) -> None:
    """Refuse a value that only predictions give a name of the network: what ends with them is no part of it."""
    for branch in walk(parts.call_staging.steps):
        alone = [branch.modes, branch.among - branch.modes] if branch.kind == "training" else []
        for modes, block in zip(alone, branch.blocks, strict=False):
            if modes != {"infer"} or not block or not leaves(block[-1:]):
                continue
            for step in block:
                given = definitions(step.node)[1] if step in forward and isinstance(step.node, ast.Assign) else set()
                for name in sorted(given & set(parts.cut)):
                    if isinstance(step.node, ast.Assign) and evaluated_alike(parts, step.node):
                        continue
                    raise overwritten(parts, name, step.node)


def evaluated_alike(parts: ModelParts, node: ast.Assign) -> bool:
    """True where an evaluation makes the same statement, which `call` then makes for both."""
    own = parts.staging(frozenset({"eval"})).steps
    return any(step.node is not node and ast.dump(step.node) == ast.dump(node) for step in walk(own))


def overwritten(parts: ModelParts, name: str, node: ast.stmt) -> Overwritten:
    """The refusal of a name under which two values of the network are needed, where the later one is given."""
    message = f"`{name}` is overwritten after a value that is still needed"
    return Overwritten(parts.ctx.refuse("overwritten", node, parts.module, message), parts.node, name)


def bind_outputs(parts: ModelParts, names: set[str], source: str) -> list[str]:
    """Lines that give the forward pass's results their names again."""
    if len(parts.cut) == 1:
        return [f"        {parts.cut[0]} = {source}"] if parts.cut[0] in names else []
    return [f"        {name} = {source}['{name}']" for name in parts.cut if name in names]


def method_body(parts: ModelParts, st: Staging, live: set[str], roots: Any) -> tuple[list[str], set[str], set[str]]:
    """The lines of a field's slice, the forward results it takes, and the other names it reads from outside."""
    provided = parts.provided()
    needed, start = slice_steps(st.steps, live, st.loads_call, roots, provided)
    lines = rendering.call_block(st, st.steps, needed, "        ", lambda step: [])
    return lines, set(provided), start - bound_by(st, needed)


def inline_return(lines: list[str], st: Staging, expression: ast.expr) -> list[str]:
    """The body and its return; a result that was only just built is returned where it is built."""
    lines = rendering.compact(lines)
    text = st.call_text(expression)
    if isinstance(expression, ast.Name):
        start = f"        {expression.id} = "
        at = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].startswith(start)), None)
        if at is not None and sum(line.startswith(start) for line in lines) == 1:
            tail = "\n".join([lines[at][len(start) :], *lines[at + 1 :]])
            if is_expression(tail):
                return [*lines[:at], *f"        return {tail}".split("\n")]
    return [*lines, *f"        return {hung(text, 8)}".split("\n")]


def is_expression(text: str) -> bool:
    """True when the text is one expression."""
    try:
        ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return False
    return True


def known(parts: ModelParts, start: set[str], given: set[str], what: str) -> None:
    """Refuse when a method reads a name that it is not given."""
    left = start - given
    left -= {n for n in left if n in parts.st.captured}
    if left:
        name = sorted(left)[0]
        if any(parts.roles.get(n) == "mode" for n in left):
            message = f"{what} read the mode itself, which Keras does not tell"
            raise parts.ctx.refuse("mode-value", parts.node, parts.module, message)
        if name == parts.labels:
            message = f"{what} need labels, which are not there"
        else:
            message = f"{what} read `{name}`, which is not defined there"
        raise parts.ctx.refuse("unbound", parts.node, parts.module, message)


def attributes_read(parts: ModelParts) -> list[str]:
    """The attributes of its object that the model's methods read, as "self.x"."""
    st = parts.st
    found = {*st.needed_parameters, *(name for name in st.captured if name.startswith("self."))}
    return sorted(found)


def first_parameter(parts: ModelParts) -> list[str]:
    """The object as the first parameter of a builder that is a method."""
    arguments = parts.node.args.args
    return [parts.st.self_name] if arguments and arguments[0].arg == parts.st.self_name else []


def left_open(parts: ModelParts, steps: Iterable[Step]) -> set[str]:
    """Of the names that the forward pass binds, those that it may miss as the program did.

    What it returns it reads in every case: so must the rest of the model_fn, in each mode. Otherwise it returns None
    where there is no such value, beside others that there are; not what the mode decides.
    """
    st = parts.call_staging
    names = bound_by(st, steps)
    returned = {n for n in names if n in parts.cut}
    stagings = [parts.staging(frozenset({mode})) for mode in sorted(parts.call_modes)] if returned else []
    sure = {n: [surely_read(own.steps, n) for own in stagings] for n in returned}
    unsure = {n for n in returned if not all(sure[n])}
    decided = {n for s in walk(st.steps) if s.kind == "training" for n in all_definitions(s)}
    decided |= {n for n in returned if any(sure[n])}  # a mode would fail, and must not give back None
    parts.absent = unsure - decided if len(parts.cut) > 1 else set()
    return names - unsure | parts.absent
