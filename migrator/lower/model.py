"""A model_fn becomes a keras.Model class: `call`, and one method or compile argument per EstimatorSpec field."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

from migrator.analysis.modes import ALL, Step, header, walk
from migrator.analysis.signatures import ESTIMATOR_SPECS
from migrator.analysis.values import Const, Mapping, Opaque, Result, Sequence, Value, is_none, options
from migrator.emit.fragments import Renderer
from migrator.emit.layout import hung
from migrator.lower import absent_network, objects, owners, rendering, tpu_specs, twin_specs, weights
from migrator.lower.context import Context
from migrator.lower.metric_entries import Entry
from migrator.lower.owning import calls_in, owns
from migrator.lower.slices import Provided, all_definitions, slice_steps
from migrator.lower.staging import Staging
from migrator.rulebook import parameters
from migrator.source.module import Module
from migrator.source.syntax import descendants, is_none_literal


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
            self.stagings[modes] = st
        return self.stagings[modes]

    @property
    def call_staging(self) -> Staging:
        """The body that `call` comes from."""
        return self.staging(self.call_modes)

    def provided(self) -> Provided:
        """The steps that `call` runs: other methods take their results from it."""
        return Provided(lambda step: any(s.node in self.forward_nodes for s in walk([step])))


def spec_fields(ctx: Context, module: Module, node: ast.FunctionDef) -> dict[str, Fields]:
    """The spec that the model_fn returns in each mode. Several, none, or one made elsewhere refuse."""
    found: dict[str, Fields] = {}
    for frame in ctx.facts.frames.get(node, []):
        if frame.returned is None:
            continue
        returned = given_back(frame.returned)
        if not returned and frame.mode != "infer":
            continue
        specs = [o for o in returned if isinstance(o, Result) and o.symbol in ESTIMATOR_SPECS]
        twin = twin_specs.chosen(ctx, module, specs, frame.mode) if len(specs) == len(returned) else None
        if twin is not None:
            left = {spec.call for spec in specs} - {twin.call}
            message = "this spec is left out: the one beside it computes the same, and is converted"
            ctx.note("twin-specs", "info", module, min(left, key=lambda call: call.lineno), message)
            ctx.twins |= left
            specs, returned = [twin], (twin,)
        three = returned_tuple(ctx, node, frame.mode, returned)
        if three is not None:
            found[frame.mode] = three
            continue
        if len({s.call for s in specs}) != 1 or len(specs) != len(returned):
            if frame.mode == "infer" and not specs:
                continue
            raise ctx.refuse("spec", node, module, f"{several_specs(returned)} in mode {frame.mode!r}")
        spec = specs[0]
        names = parameters(ESTIMATOR_SPECS[spec.symbol]).positional
        expressions = dict(zip(names, spec.call.args, strict=False))
        for keyword in spec.call.keywords:
            if keyword.arg is None:
                raise ctx.refuse("spec", spec.call, module, "the spec's fields are passed with **")
            expressions[keyword.arg] = keyword.value
        absent = {k for k, v in spec.bound.items() if is_none(v) is True}
        expressions = {k: e for k, e in expressions.items() if not is_none_literal(e) and k not in absent}
        found[frame.mode] = Fields(spec.call, expressions, spec.bound)
        given = expressions.pop("eval_metrics", None)
        if given is not None and frame.mode == "eval":
            made = tpu_specs.applied_metrics(ctx, module, node, spec.call, given)
            ctx.applied[spec.call] = made
            expressions["eval_metric_ops"] = made
    return found


def returned_tuple(ctx: Context, node: ast.FunctionDef, mode: str, returned: tuple[Value, ...]) -> Fields | None:
    """Predictions, loss and train_op returned as they are, which `tf.contrib.learn.Estimator` took for a spec."""
    value = returned[0] if len(returned) == 1 else None
    statements = [s for s in descendants(node) if isinstance(s, ast.Return) and mode in ctx.facts.reached.get(s, ())]
    made = statements[0].value if len(statements) == 1 else None
    if not isinstance(value, Sequence) or value.open or len(value.items) != 3 or not isinstance(made, ast.Tuple):
        return None
    names = ("predictions", "loss", "train_op")
    values = dict(zip(names, value.items, strict=True))
    expressions = {n: e for n, e in zip(names, made.elts, strict=True) if is_none(values[n]) is not True}
    return Fields(made, expressions, values)


def several_specs(returned: tuple[Value, ...]) -> str:
    """Why what a model_fn returns is not one spec."""
    for value in returned:
        if isinstance(value, Result) and value.symbol in ESTIMATOR_SPECS:
            continue
        if isinstance(value, Const) and value.value is None:
            return "the model_fn may return None"
        if isinstance(value, Result):
            return f"the spec is made by `{value.symbol}`"
        if isinstance(value, Opaque) and value.why:
            return f"the spec cannot be followed ({value.why})"
        return "the model_fn returns something else than a spec"
    lines = sorted({value.call.lineno for value in returned if isinstance(value, Result)})
    where = f"line{'s' if len(lines) > 1 else ''} {' and '.join(map(str, lines))}"
    return f"which of the specs on {where} is returned is only known at run time"


def working_modes(ctx: Context, module: Module, node: ast.FunctionDef) -> frozenset[str]:
    """The modes in which the model_fn returns; in the others it raises, whatever its inputs are."""
    frames = [f for f in ctx.facts.frames.get(node, []) if f.returned is not None]
    returning = frozenset(f.mode for f in frames)
    modes = frozenset(f.mode for f in frames if given_back(f.returned) or f.mode == "infer")
    for mode in sorted(ALL - modes):
        why = f"returns no spec in mode {mode!r}, which stops an Estimator" if mode in returning else ""
        why = why or f"raises in mode {mode!r}"
        ctx.note("mode-raises", "info", module, node, f"the model_fn {why}; the Keras model does not")
    return modes


def given_back(returned: Value | None) -> tuple[Value, ...]:
    """What a model_fn may return but None, with which an Estimator stops."""
    found = options(returned) if returned is not None else ()
    return tuple(o for o in found if not (isinstance(o, Const) and o.value is None))


# --------------------------------------------------------------------------------------------------------- forward
def find_forward(parts: ModelParts) -> None:
    """Decide what `call` computes: all that creates layers, and what the fields need from the network.

    One value that separates the network from every field is the natural result (the logits); without one, `call`
    returns each value that some field needs.
    """
    if prediction_differs(parts) and not one_network(parts):
        parts.call_modes = frozenset({"train", "eval"})
    settle(parts, set())
    if len(parts.cut) > 1 or network_in_predictions(parts):
        wide = (parts.forward, parts.forward_nodes, parts.cut)
        for name in single_candidates(parts):
            settle(parts, {name})
            if parts.cut == [name] and not network_in_predictions(parts):
                break
        else:
            parts.forward, parts.forward_nodes, parts.cut = wide
    st = parts.call_staging
    _, live = st.slice_call(set(parts.cut), lambda step: has_forward_site(st, step))
    check_outside(parts, live)


def prediction_differs(parts: ModelParts) -> bool:
    """True when the network is built differently for prediction than for training and evaluation."""
    for step in walk(parts.st.steps):
        if step.kind != "training" or step.modes in ({"train"}, ALL - {"train"}):
            continue
        if step.node is not None and any(has_forward_site(parts.st, s) for s in walk(step.blocks[0])):
            if isinstance(step.node, ast.If) and any(has_forward_site(parts.st, s) for s in walk(step.blocks[0])):
                return True
    return False


def one_network(parts: ModelParts) -> bool:
    """True when every mode builds its network by the same statements, but for being told which mode it is."""
    found: set[tuple[str, ...]] = set()
    for mode in sorted(parts.st.modes):
        st = parts.staging(frozenset({mode}))
        needed, _ = st.slice_call(set(), functools.partial(has_forward_site, st))
        inside = (s for s in walk(st.steps) if s in needed and s.kind == "simple")
        told = functools.partial(told_mode, parts.ctx, mode)
        found.add(tuple(Renderer(st.module, told).inside(s.node) for s in inside))
    return len(found) == 1


def told_mode(ctx: Context, mode: str, node: ast.AST) -> str | None:
    """`training` for what says whether this mode is training: a constant, or a value that depends on the mode."""
    value = ctx.facts.value(node, mode) if isinstance(node, ast.expr) else None
    if isinstance(value, Const) and value.value is (mode == "train"):
        return "training" if value.mode or isinstance(node, ast.Constant) else None
    return None


def settle(parts: ModelParts, wanted: set[str]) -> None:
    """The forward slice for at least these results, grown until no field asks for more."""
    st = parts.call_staging
    cut = set(wanted)
    before: tuple[int, int] = (-1, -1)
    parts.forward_nodes = set()
    while before != (len(parts.forward_nodes), len(cut)):
        before = (len(parts.forward_nodes), len(cut))
        parts.forward, _ = st.slice_call(cut, lambda step: has_forward_site(st, step))
        parts.forward_nodes = tainted(st, parts.forward, wanted)
        cut |= field_imports(parts)
    order = definition_order(st)
    parts.cut = sorted(cut, key=lambda name: (order.get(name, 0), name))


def single_candidates(parts: ModelParts) -> list[str]:
    """Names assigned at the top level after the last layer, that do not depend on labels, in source order."""
    st = parts.st
    last = max((s.step.node.lineno for s in st.sites.values() if not metric_site(st, s)), default=0)
    found: list[str] = []
    dependent = {parts.labels} if parts.labels else set()
    for step in walk(st.steps):
        if step.kind != "simple" or not isinstance(step.node, ast.Assign):
            continue
        names = all_definitions(step)
        if set().union(*(st.loads_call(e) for e in header(step))) & dependent:
            dependent |= names
        elif step.node.lineno >= last and len(names) == 1:
            found += [n for n in names if n not in found]
    return [n for n in found if n not in dependent]


def network_in_predictions(parts: ModelParts) -> bool:
    """True when what predictions compute after the forward pass still reads variables of the network."""
    fields = parts.fields.get("infer") or parts.fields.get("eval")
    if "infer" not in parts.call_modes:
        return False
    name = "predictions" if fields is not None and "predictions" in fields.expressions else "loss"
    if fields is None or name not in fields.expressions:
        return False
    st = parts.staging(frozenset({"infer" if parts.fields.get("infer") is fields else "eval"}))
    variables = set(st.variable_names())
    if not variables:
        return False
    needed, _ = slice_steps(
        st.steps, st.loads_call(fields.expressions[name]), st.loads_call, lambda s: False, parts.provided()
    )
    return any(
        isinstance(n, ast.Name) and n.id in variables and isinstance(n.ctx, ast.Load)
        for step in needed
        for expression in header(step)
        for n in descendants(expression)
    )


def has_forward_site(st: Staging, step: Step) -> bool:
    """True when the step calls something that owns layers, or, where nothing does, reads a variable."""
    network = [s for s in st.sites.values() if s.own.kind != "variable" and not metric_site(st, s)]
    if network:
        return any(s.step is step and s.own.call not in st.unread for s in network)
    variables = st.variable_names()
    return any(
        isinstance(n, ast.Name) and n.id in variables and isinstance(n.ctx, ast.Load)
        for expression in (header(step) if variables and step.kind == "simple" else ())
        for n in descendants(expression)
    )


def metric_site(st: Staging, site: Any) -> bool:
    """True for a streaming metric, or a function that makes nothing but metrics."""
    if site.own.kind == "metric":
        return True
    if site.own.kind == "function" and site.own.definition is not None:
        return makes_only_metrics(st.ctx, site.own.definition)
    return False


def makes_only_metrics(ctx: Context, definition: ast.AST) -> bool:
    """True when every owning call below a function is a metric."""
    from migrator.lower.owning import own_call

    found = [own_call(ctx, call) for call in calls_in(definition)]
    kinds = [o for o in found if o is not None]
    return bool(kinds) and all(
        o.kind == "metric" or (o.definition is not None and makes_only_metrics(ctx, o.definition)) for o in kinds
    )


def tainted(st: Staging, needed: set[Step], wanted: set[str]) -> set[ast.stmt]:
    """Statements of the forward slice whose value comes, at any distance, from a layer, or is a wanted result."""
    found: set[ast.stmt] = set()
    names: set[str] = set()

    def run(steps: list[Step]) -> None:
        for step in steps:
            if step not in needed:
                continue
            if step.kind in ("for", "while"):
                run(step.blocks[0])
            for block in step.blocks:
                run(block)
            reads = set().union(*(st.loads_call(e) for e in header(step))) if header(step) else set()
            if step.kind != "simple":
                continue
            given = bool(all_definitions(step) & wanted)
            if given or has_forward_site(st, step) or reads & names or is_random(st, step):
                found.add(step.node)
                names.update(all_definitions(step))
            else:
                names.difference_update(all_definitions(step))

    run(st.steps)
    return found


def is_random(st: Staging, step: Step) -> bool:
    """True when the statement draws random numbers: it must run once per step."""
    for node in descendants(step.node):
        if isinstance(node, ast.Call):
            for value in st.ctx.facts.callees.get(node, []):
                if getattr(value, "name", "").startswith(("tensorflow.random", "tensorflow.truncated_normal")):
                    if not getattr(value, "name", "").endswith("initializer"):
                        return True
    return False


FIELD_MODES = {
    "predictions": frozenset({"infer"}),
    "loss": frozenset({"train", "eval"}),
    "eval_metric_ops": frozenset({"eval"}),
    "train_op": frozenset({"train"}),
}


def field_imports(parts: ModelParts) -> set[str]:
    """Names that the fields take from the forward pass."""
    from migrator.lower import optimizer
    from migrator.lower.metrics import update_loads

    found: set[str] = set()
    for name in ("predictions", "loss", "eval_metric_ops"):
        for mode in sorted(FIELD_MODES[name]):
            fields = parts.fields.get(mode)
            if fields is None or name not in fields.expressions or mode not in parts.call_modes:
                continue
            st = parts.staging(frozenset({mode}))
            provided = parts.provided()
            roots = functools.partial(has_metric_site, st) if name == "eval_metric_ops" else (lambda step: False)
            live: set[str] = set() if name == "eval_metric_ops" else st.loads_call(fields.expressions[name])
            loads = update_loads(st) if name == "eval_metric_ops" else st.loads_call
            slice_steps(st.steps, live, loads, roots, provided)
            check_versions(parts, st, provided)
            found |= provided.keys()
    found |= optimizer.loss_imports(parts)
    return found


def has_metric_site(st: Staging, step: Step) -> bool:
    """True when the step updates a metric."""
    from migrator.lower.metrics import reported

    return any(s.step is step and metric_site(st, s) and reported(st.ctx, s) for s in st.sites.values())


def check_versions(parts: ModelParts, st: Staging, provided: Provided) -> None:
    """Refuse when a field needs a value that the forward pass overwrites later."""
    last: dict[str, ast.stmt] = {}
    for step in walk(st.steps):
        if step.node in parts.forward_nodes or (step.kind in ("for", "while", "if") and parts.provided().test(step)):
            for name in all_definitions(step):
                if step.kind == "simple" or name not in last:
                    last[name] = step.node
    for name, step in provided.items():
        inside = {s.node for s in walk([step])}
        if name in last and last[name] not in inside:
            raise parts.ctx.refuse(
                "overwritten", last[name], parts.module, f"`{name}` is overwritten after a value that is still needed"
            )


def definition_order(st: Staging) -> dict[str, int]:
    """Name -> position of its last definition."""
    order: dict[str, int] = {}
    for index, step in enumerate(walk(st.steps)):
        if step.kind == "simple":
            for name in all_definitions(step):
                order[name] = index
    return order


def check_outside(parts: ModelParts, live: set[str]) -> None:
    """Refuse a forward pass that needs labels, or a name that nothing provides."""
    if parts.labels and parts.labels in live:
        raise parts.ctx.refuse(
            "labels-in-forward", parts.node, parts.module, "layers are fed with labels, which `call` does not get"
        )
    left = live - {parts.features}
    if any(parts.roles.get(n) == "mode" for n in left):
        message = "the network reads the mode itself, of which Keras tells only whether it trains"
        raise parts.ctx.refuse("mode-value", parts.node, parts.module, message)
    left = {n for n in left if parts.roles.get(n) != "static"}
    if left:
        raise parts.ctx.refuse(
            "unbound", parts.node, parts.module, f"`{sorted(left)[0]}` is read by the network but not defined there"
        )


# --------------------------------------------------------------------------------------------------------- methods
def call_method(parts: ModelParts) -> list[str]:
    """The forward pass."""
    st = parts.call_staging
    st.begin_method()
    lines = rendering.call_block(st, st.steps, parts.forward, "        ", lambda step: [])
    lines = rendering.compact(lines)
    result = parts.cut[0] if len(parts.cut) == 1 else ""
    if result:
        last = lines[-1] if lines else ""
        prefix = f"        {result} = "
        single = sum(line.startswith(prefix) for line in lines) == 1
        if last.startswith(prefix) and single and "\n" not in last and balanced(last):
            lines[-1] = f"        return {last[len(prefix) :]}"
        else:
            lines.append(f"        return {result}")
    elif parts.cut:
        shown = ", ".join(f"'{name}': {name}" for name in parts.cut)
        lines += rendering.wrapped("        return ", f"{{{shown}}}", "")
    else:
        where, place, reason = absent_network.hidden(parts.ctx, parts.module, parts.node)
        raise parts.ctx.refuse("no-forward", place, where, reason)
    parts.training = st.uses_training
    arguments = ["self", parts.features] + (["training=None"] if parts.training else [])
    return [*owners.def_line("call", arguments), *lines]


def balanced(line: str) -> bool:
    """True for a line that is a statement of its own."""
    try:
        ast.parse(line.strip())
    except SyntaxError:
        return False
    return True


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
    return lines, set(provided), start


def predict_method(parts: ModelParts) -> list[str] | None:
    """`predict_step`, which builds what Estimator.predict yielded; None when that is the forward pass's result."""
    fields = parts.fields.get("infer")
    if fields is None or "predictions" not in fields.expressions:
        return None
    st = parts.staging(frozenset({"infer"}))
    expression = fields.expressions["predictions"]
    if isinstance(expression, ast.Name) and parts.cut == [expression.id]:
        return None
    if "infer" in parts.call_modes:
        lines, outputs, start = method_body(parts, st, st.loads_call(expression), lambda step: False)
    else:
        # prediction has a network of its own, made of the same layers
        needed, start = slice_steps(st.steps, st.loads_call(expression), st.loads_call, lambda step: False)
        lines, outputs = rendering.call_block(st, st.steps, needed, "        ", lambda step: []), set()
    known(parts, start, {parts.features}, "predictions")
    keyword = ", training=False" if parts.training else ""
    head = owners.def_line("predict_step", ["self", "data"])
    head.append(
        f"        {parts.features}, _, _ = {parts.ctx.use(parts.module, 'keras.utils.unpack_x_y_sample_weight')}(data)"
    )
    if outputs:
        source = parts.cut[0] if len(parts.cut) == 1 else "outputs"
        head.append(f"        {source} = self({parts.features}{keyword})")
        if source == "outputs":
            head += bind_outputs(parts, outputs, "outputs")
    return [*head, *inline_return(lines, st, expression)]


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


def known(parts: ModelParts, start: set[str], given: set[str], what: str, inside: Iterable[Step] = ()) -> None:
    """Refuse when a method reads a name that it is not given.

    A name that only some of the statements `inside` bind is read before it is bound in the cases in which it was.
    """
    left = start - given
    left -= set().union(*(all_definitions(s) for s in inside if s.kind == "simple")) - parts.roles.keys()
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


def init_method(parts: ModelParts) -> list[str]:
    """`__init__`: static parameters that other methods read, and the layers in creation order."""
    st = parts.st
    lines, live = owners.construction(st, parts.forward)
    objects.check_start(st, live)
    statics = [p for p in owners.parameter_order(parts.node) if parts.roles.get(p) == "static"]
    read = live | st.captured.keys() | st.read_at_construction | parts.made_with
    used = [p for p in statics if p in read]
    own = objects.attributes_read(parts)
    signature = [*(st.parameter(name) for name in own), *owners.signature(parts.node, parts.module, used, st)]
    body = ["        super().__init__()", *owners.parameter_attributes(st, [*own, *used]), *rendering.compact(lines)]
    parts.model_parameters = [*(objects.as_read(st, name) for name in own), *used]
    return [*owners.def_line("__init__", ["self", *signature]), *body]


def creation(parts: ModelParts) -> list[dict[str, Any]]:
    """The weight map's creation tree of the model."""
    left = [{"unread": name} for name in sorted(parts.ctx.unread)]
    return [*weights.creation_tree(parts.st, parts.st.steps), *left]


__all__ = ["Fields", "Mapping", "ModelParts", "owns"]
