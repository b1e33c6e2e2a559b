"""Several optimizers in one train_op: a train_step in which each minimises its own loss over its own variables."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.values import Const, Result, options
from migrator.lower.bodies import rendering
from migrator.lower.models import optimizer, step_counts
from migrator.lower.models.model_parts import bind_outputs, known
from migrator.lower.reading import class_lines
from migrator.lower.reading.context import identifier
from migrator.lower.reading.python_calls import entry_object
from migrator.lower.reading.slices import slice_steps
from migrator.lower.reading.unbound import bound_by
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site
    from migrator.lower.spec.train_ops import TrainOp

SCOPED = frozenset({"tensorflow.trainable_variables", "tensorflow.get_collection"})


def counting(parts: ModelParts, ops: list[TrainOp]) -> TrainOp:
    """The minimisation that increments the global step, or one for all that do: its optimizer is the model's."""
    if len(ops) > 1 and step_counts.of_a_batch(ops) > 1:
        return step_counts.main(parts, ops)
    found = [op for op in ops if op.counts]
    if len(found) != 1:
        raise parts.ctx.refuse(
            "global-step", ops[0].call, parts.module, f"{len(found)} of {len(ops)} minimisations count the global step"
        )
    return found[0]


def attribute(parts: ModelParts, op: TrainOp) -> str:
    """The model's attribute that holds the optimizer of a minimisation."""
    ops = optimizer.plan(parts)
    if len(ops) == 1 or op.call is counting(parts, ops).call:
        return "optimizer"
    if isinstance(op.optimizer, ast.Name):
        name = identifier(op.optimizer.id)
        return f"{name}_" if name == "optimizer" else name
    return f"optimizer_{[o.call for o in optimizer.plan(parts)].index(op.call) + 1}"


def compiled(parts: ModelParts, ops: list[TrainOp]) -> tuple[list[str], list[str], list[str]]:
    """(compile arguments, statements before the model is made, attributes set on it) for several optimizers."""
    main = counting(parts, ops)
    arguments: list[str] = []
    lines: list[str] = []
    attributes: list[str] = []
    for op in ops:
        prepare, text = optimizer.optimizer_lines(parts, op)
        lines += prepare
        if op is main:
            arguments.append(f"optimizer={text}")
        else:
            attributes += rendering.wrapped(f"    model.{attribute(parts, op)} = ", text, "")
    return arguments, lines, attributes


def check_apart(parts: ModelParts, ops: list[TrainOp]) -> None:
    """Refuse one optimizer in several minimisations: it has one state for them all, which each of them changes."""
    made = [{o.call for o in options(op.optimizer_value) if isinstance(o, Result)} for op in ops]
    for index, calls in enumerate(made):
        if any(calls & others for others in made[:index]):
            message = "one optimizer makes several minimisations"
            raise parts.ctx.refuse("several-optimizers", ops[index].call, parts.module, message)


def variables_text(parts: ModelParts, st: Body, op: TrainOp) -> str:
    """The variables that a minimisation trains: those of the layers made under a scope, or all."""
    if op.variables is None:
        return "self.trainable_variables"
    value = parts.ctx.facts.value(op.variables, "train")
    listed = display(parts, op.variables)
    if listed is not None:
        return st.call_text(listed)
    if isinstance(value, Result) and value.symbol in SCOPED and not value.part:
        scope = value.bound.get("scope")
        if isinstance(scope, Const) and isinstance(scope.value, str):
            found = layers_under(parts, scope.value.rstrip("/"))
            if found:
                return joined_variables(found)
    raise parts.ctx.refuse("var-list", op.call, parts.module, "which variables are trained cannot be followed")


def display(parts: ModelParts, node: ast.expr) -> ast.ListComp | None:
    """The comprehension over all trainable variables that an expression is, or that its name alone stands for."""
    if isinstance(node, ast.Name):
        inside = descendants(parts.node)
        stores = [n for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id == node.id]
        made = [n.value for n in inside if isinstance(n, ast.Assign) and any(s in n.targets for s in stores)]
        return display(parts, made[0]) if len(stores) == len(made) == 1 and not isinstance(made[0], ast.Name) else None
    if not isinstance(node, ast.ListComp) or len(node.generators) != 1:
        return None
    over = parts.ctx.facts.value(node.generators[0].iter, "train")
    target = node.generators[0].target
    plain = isinstance(target, ast.Name) and isinstance(node.elt, ast.Name) and node.elt.id == target.id
    if not plain or not isinstance(over, Result) or over.symbol != "tensorflow.trainable_variables":
        return None
    tests = [n for test in node.generators[0].ifs for n in descendants(test)]
    named = {n.value for n in tests if isinstance(n, ast.Attribute) and n.attr in ("name", "op")}
    others = [n for n in tests if isinstance(n, ast.Name) and n.id == ast.unparse(target) and n not in named]
    return None if over.part or over.bound or others else node


def joined_variables(layers: dict[str, bool]) -> str:
    """The variables of the layers in these attributes; True for an attribute that holds a list of layers."""
    if not any(layers.values()) and len(layers) < 3:
        return " + ".join(f"self.{name}.trainable_variables" for name in layers)
    if len(layers) == 1:
        over = f"self.{next(iter(layers))}"
    else:
        over = f"[{', '.join(f'*self.{name}' if many else f'self.{name}' for name, many in layers.items())}]"
    return f"[v for layer in {over} for v in layer.trainable_variables]"


def held_in(parts: ModelParts, site: Site) -> str:
    """The attribute of the object whose entry a site calls: `net` of `net(x)`, where the object is the model's."""
    if site.own.kind != "entry":
        return ""
    target = entry_object(parts.ctx, site.own.call)
    return parts.st.captured.get(target.id, "") if isinstance(target, ast.Name) else ""


def layers_under(parts: ModelParts, scope: str) -> dict[str, bool]:
    """Attributes whose variables all lie under a scope, and whether it is a list of layers.

    A layer with some variables inside and some outside refuses.
    """
    found: dict[str, bool] = {}
    for site in parts.st.sites.values():
        attr = site.attr or held_in(parts, site)
        if site.shared is not None or not attr or site.own.kind == "metric":
            continue
        frames = parts.ctx.facts.activations.get(site.own.call, [])
        names = {c.name for f in frames for c in f.creations}
        if not names:
            made = (c for events in parts.ctx.facts.creations.values() for c in events)
            names = {c.name for c in made if c.call is site.own.call}
        inside = {n for n in names if n == scope or n.startswith(f"{scope}/") or n.split("/")[0].startswith(scope)}
        if not inside:
            continue
        if inside != names or site.own.kind == "variable":
            raise parts.ctx.refuse(
                "var-list", site.own.call, parts.module, f"only some of the variables of one layer lie under `{scope}`"
            )
        if len(site.loops) > 1:
            message = "layers made in a loop in a loop are trained by scope"
            raise parts.ctx.refuse("var-list", site.own.call, parts.module, message)
        found[attr] = bool(site.loops)
    return found


def train_step(parts: ModelParts) -> list[str] | None:
    """`train_step` for several minimisations, and for one of some variables; None for one of them all.

    All gradients are taken before any is applied: what the legacy graph left to chance when its minimisations ran
    in one group.
    """
    ops = optimizer.plan(parts)
    if len(ops) < 2 and not any(op.variables is not None for op in ops):
        return None
    ctx = parts.ctx
    check_apart(parts, ops)
    if len(ops) == 1 and ops[0].helper is not None:
        raise ctx.refuse("var-list", ops[0].call, parts.module, "another function chooses which variables are trained")
    if any(op.clip is not None for op in ops):
        ctx.note("several-optimizers", "info", parts.module, ops[0].call, "gradients are clipped by their optimizers")
    st = parts.staging(frozenset({"train"}))
    provided = parts.provided()
    live: set[str] = set().union(*(st.loads_call(op.loss) for op in ops))
    spec = parts.fields["train"].expressions.get("loss")
    if spec is not None:
        live |= st.loads_call(spec)
    needed, start = slice_steps(st.steps, live, st.loads_call, lambda s: False, provided)

    known(parts, start - bound_by(st, needed), {parts.features, parts.labels}, "the losses")
    x = parts.features
    y = parts.labels or "labels"
    unpack = ctx.use(parts.module, "keras.utils.unpack_x_y_sample_weight")
    keyword = ", training=True" if parts.training else ""
    single = len(parts.cut) == 1
    outputs = parts.cut[0] if single else "outputs"
    ctx.use(parts.module, "tf.GradientTape")
    lines = [
        f"    @{ctx.use(parts.module, 'support.waits_for_data')}",
        *class_lines.def_line("train_step", ["self", "data"]),
        f"        {x}, {y}, _ = {unpack}(data)",
        f"        with tf.GradientTape({'persistent=True' if len(ops) > 1 else ''}) as tape:",
        f"            {outputs} = self({x}{keyword})",
    ]
    if not single:
        lines += ["    " + line for line in bind_outputs(parts, set(provided), outputs)]
    lines += rendering.compact(rendering.call_block(st, st.steps, needed, "            ", lambda s: []))
    applied: list[str] = []
    for op in ops:
        name = attribute(parts, op)
        prefix = name.removesuffix("optimizer").strip("_") or "own"
        made = next((s for s in walk(st.steps) if s.kind == "simple" and op.call in descendants(s.node)), None)
        if made is not None and op is not ops[0]:
            lines += [line for line in rendering.lead(st, made, "        ") if line]
        variables = f"{prefix}_variables" if len(ops) > 1 else "variables"
        gradients = f"{prefix}_gradients" if len(ops) > 1 else "gradients"
        text = variables_text(parts, st, op)
        if text.isidentifier():
            variables = text
        else:
            lines += rendering.wrapped(f"        {variables} = ", text, "")
        lines.append(f"        {gradients} = tape.gradient({st.call_text(op.loss)}, {variables})")
        applied.append(f"        self.{name}.apply({gradients}, {variables})")
    if len(ops) == 1:
        lines += [
            "        if not self.optimizer.built:  # with a state for all variables: so it is saved and loaded",
            f"            with {ctx.use(parts.module, 'tf.init_scope')}():",
            "                self.optimizer.build(self.trainable_variables)",
        ]
    lines += [*applied, *step_counts.counting(ops, "self.optimizer")]
    if spec is not None:
        lines.append(f"        self._loss_tracker.update_state({st.call_text(spec)})")
    return [*lines, f"        return self.compute_metrics({x}, {y}, {outputs})"]
