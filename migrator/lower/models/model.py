"""A model_fn becomes a keras.Model class: `call`, and one method or compile argument per EstimatorSpec field."""

from __future__ import annotations

import ast
from typing import Any

from migrator.lower.bodies import objects, rendering, weights
from migrator.lower.models import absent_network, model_parts, owners, prediction_inputs
from migrator.lower.models.model_parts import ModelParts, bind_outputs, inline_return, known, method_body
from migrator.lower.reading import class_lines
from migrator.lower.reading.slices import slice_steps
from migrator.lower.reading.unbound import bound_by

# --------------------------------------------------------------------------------------------------------- forward


# --------------------------------------------------------------------------------------------------------- methods
def call_method(parts: ModelParts) -> list[str]:
    """The forward pass."""
    st = parts.call_staging
    st.begin_method()
    lines = rendering.call_block(st, st.steps, parts.forward, "        ", lambda step: [])
    lines = [*(f"        {name} = None" for name in sorted(parts.absent)), *rendering.compact(lines)]
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
    return [*class_lines.def_line("call", arguments), *lines]


def balanced(line: str) -> bool:
    """True for a line that is a statement of its own."""
    try:
        ast.parse(line.strip())
    except SyntaxError:
        return False
    return True


def predict_method(parts: ModelParts) -> list[str] | None:
    """`predict_step`, which builds what Estimator.predict yielded; None when that is the forward pass's result."""
    fields = parts.fields.get("infer")
    if fields is None or "predictions" not in fields.expressions:
        return None
    st = parts.staging(frozenset({"infer"}))
    expression = fields.expressions["predictions"]
    if isinstance(expression, ast.Name) and parts.cut == [expression.id] and parts.prediction_branch is None:
        return None
    if "infer" in parts.call_modes:
        lines, outputs, start = method_body(parts, st, st.loads_call(expression), lambda step: False)
    else:
        # prediction has a network of its own, made of the same layers
        needed, start = slice_steps(st.steps, st.loads_call(expression), st.loads_call, lambda step: False)
        lines, outputs = rendering.call_block(st, st.steps, needed, "        ", lambda step: []), set()
        start -= bound_by(st, needed)
    known(parts, start, {parts.features}, "predictions")
    keyword = ", training=False" if parts.training else ""
    head = class_lines.def_line("predict_step", ["self", "data"])
    head.append(
        f"        {parts.features}, _, _ = {parts.ctx.use(parts.module, 'keras.utils.unpack_x_y_sample_weight')}(data)"
    )
    head += prediction_inputs.call_lines(parts)
    if outputs:
        source = parts.cut[0] if len(parts.cut) == 1 else "outputs"
        head.append(f"        {source} = self({parts.features}{keyword})")
        if len(parts.cut) != 1:
            head += bind_outputs(parts, outputs, "outputs")
    return [*head, *inline_return(lines, st, expression)]


def init_method(parts: ModelParts) -> list[str]:
    """`__init__`: static parameters that other methods read, and the layers in creation order."""
    st = parts.st
    lines, live = owners.construction(st, parts.forward)
    objects.check_start(st, live)
    statics = [p for p in class_lines.parameter_order(parts.node) if parts.roles.get(p) == "static"]
    read = live | st.captured.keys() | st.read_at_construction | parts.made_with
    used = [p for p in statics if p in read]
    own = model_parts.attributes_read(parts)
    signature = [*(st.parameter(name) for name in own), *class_lines.signature(parts.node, parts.module, used, st)]
    body = [
        "        super().__init__()",
        *class_lines.parameter_attributes(st, [*own, *used]),
        *rendering.compact(lines),
    ]
    parts.model_parameters = [*(objects.as_read(st, name) for name in own), *used]
    return [*class_lines.def_line("__init__", ["self", *signature]), *body]


def creation(parts: ModelParts) -> list[dict[str, Any]]:
    """The weight map's creation tree of the model."""
    left = [{"unread": name} for name in sorted(parts.ctx.unread)]
    return [*weights.creation_tree(parts.st, parts.st.steps), *left]
