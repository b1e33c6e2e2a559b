"""The two halves of an owning call: the text that creates what it owns, and the text that uses it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import phases
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Symbol, options
from migrator.emit.fragments import call_text
from migrator.lower.bodies import metric_weights
from migrator.lower.bodies.owned_creations import check_object, is_indirect
from migrator.lower.layers import dropouts, keras_classes, normalized, recurrent, sized, variables
from migrator.lower.library import normalizers, partials, rule_arguments, tensor_items
from migrator.lower.reading.owner import Owner, owner_of
from migrator.lower.reading.owning import Own
from migrator.lower.reading.python_calls import default_nodes, entry_object, python_arguments, reference
from migrator.lower.reading.slices import kept_name
from migrator.lower.spec import returned_values
from migrator.rulebook import Rule, default_source
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.owner import Owner
    from migrator.lower.reading.sites import Site


# ------------------------------------------------------------------------------------------------------- arguments


def layer_inputs(st: Body, site: Site) -> list[ast.expr]:
    """The arguments of a layer function that go to the layer's call."""
    rule = site.own.rule
    assert rule is not None
    bound = rule_arguments.bound_or_refuse(st.ctx, st.module, rule, site.own.call)
    missing = [name for name in rule.inputs if name not in bound]
    if missing:
        raise st.ctx.refuse(rule.id, site.own.call, st.module, f"argument `{missing[0]}` is missing")
    return [bound[name] for name in rule.inputs]


def object_inputs(st: Body, site: Site) -> list[ast.expr]:
    """The input of a layer object's call. What else such a call may be given, beside `training`, is refused."""
    call, rule = site.own.call, site.own.rule
    found = list(call.args)
    for keyword in call.keywords:
        if keyword.arg == "inputs":
            found.append(keyword.value)
        elif keyword.arg != "training":
            name = f"`{keyword.arg}`" if keyword.arg else "**"
            message = f"a layer object is called with {name}, which is not followed"
            raise st.ctx.refuse("layer-call", call, st.module, message)
    if len(found) != 1 or isinstance(found[0], ast.Starred):
        message = "a layer object is called with other arguments than one input and `training=`"
        raise st.ctx.refuse(rule.id if rule is not None else "layer-call", call, st.module, message)
    return found


def call_parts(st: Body, site: Site) -> list[ast.expr]:
    """Sub-expressions of an owning call that run in the call half."""
    own = site.own
    match own.kind:
        case "layer":
            late = sized.call_parts(st, site)
            return [*layer_inputs(st, site), *training_part(st, site), *then_part(st, site), *late]
        case "layer_object":
            assert own.holder is not None
            made_here = isinstance(own.holder, ast.Call)
            return [*([] if made_here else [own.holder]), *object_inputs(st, site), *training_part(st, site)]
        case "variable":
            return sized.variable_parts(st, site)
        case "object":
            return []
        case "rnn":
            return recurrent.call_parts(st, site)
        case "metric":
            return metric_inputs(st, site)
        case "function" | "entry":
            owner = owner_of(st.ctx, st, own)
            bound = python_arguments(st.ctx, st.module, owner.node, own.call)
            parts = [e for name, e in bound.items() if owner.roles.get(name) == "call"]
            parts += [node for _, node in told_tensors(st, own, owner)]
            if own.kind == "entry":
                target = entry_object(st.ctx, own.call)
                parts += [target] if target not in st.sites else []
            return parts
    return []


def told_tensors(st: Body, own: Own, owner: Owner) -> list[tuple[str, ast.expr]]:
    """The tensors of its object that a call of a method brings, as "self.x", and what stands for each at the call."""
    found: list[tuple[str, ast.expr]] = []
    for name in owner.tensors:
        if name.startswith("self."):
            attr = name.removeprefix("self.")
            local = kept_name(attr) in st.locals
            if st.is_model and not local:
                raise st.ctx.refuse("object-state", own.call, st.module, f"`{name}` is not known when it is called")
            this = ast.Attribute(ast.Name("self", ast.Load()), attr, ast.Load())
            found.append((name, ast.Name(kept_name(attr), ast.Load()) if local else this))
    if found:
        check_object(st, owner, own.call.func)
    return found


def static_parts(st: Body, site: Site) -> list[ast.AST]:
    """Sub-expressions that creating what a call owns needs."""
    own = site.own
    condition: list[ast.AST] = [site.condition.test] if site.condition is not None else []
    if site.shared is not None:
        return []
    over = tensor_items.keys_of(st, site.comprehension)  # known as they are: the dictionary itself is not needed
    if site.comprehension is not None and hasattr(site.comprehension, "generators") and over is None:
        condition += [site.comprehension.generators[0].iter]
    match own.kind:
        case "layer":
            assert own.rule is not None
            bound = rule_arguments.bound_or_refuse(st.ctx, st.module, own.rule, dropouts.in_training(st, site))
            sources = {a.source for a in own.rule.args} - sized.late_arguments(st, site).keys()
            inside = normalized.static_parts(st, site)
            return condition + [e for name, e in bound.items() if name in sources] + inside
        case "metric" if own.rule is not None:
            bound = rule_arguments.bound_or_refuse(st.ctx, st.module, own.rule, own.call)
            sources = {a.source for a in own.rule.args}
            return condition + [e for name, e in bound.items() if name in sources]
        case "variable":
            return condition + variables.static_parts(st, site, sized.late_arguments(st, site).values())
        case "rnn":
            return condition + recurrent.static_parts(st, site)
        case "function" | "metric":
            owner = owner_of(st.ctx, st, own)
            bound = python_arguments(st.ctx, st.module, owner.node, own.call)
            parts: list[ast.AST] = [e for name, e in bound.items() if owner.roles.get(name) == "static"]
            parts += [d for name, d in owner.outer_defaults.items() if name not in bound]
            if is_indirect(st, own) or (isinstance(own.call.func, ast.Name) and own.call.func.id in st.locals):
                parts.append(own.call.func)
            captured = [kept_name(c[5:]) if c.startswith("self.") else c for c in owner.captured]
            return condition + parts + [ast.Name(c, ast.Load()) for c in captured if c in st.locals]
        case "layer_object":
            if not isinstance(own.holder, ast.Call):
                return condition
            made = partials.written_out(st.ctx, st.module, own.holder)
            return condition + [*made.args, *(k.value for k in made.keywords)]
        case "object":
            return condition + [*own.call.args, *(k.value for k in own.call.keywords)]
    return []


# ------------------------------------------------------------------------------------------------------------ text


def use_text(st: Body, site: Site) -> str:
    """The text of an owning call in the call half."""
    own = site.own
    match own.kind:
        case "layer":
            assert own.rule is not None
            arguments = [st.call_text(e) for e in layer_inputs(st, site)]
            text = sized.use_text(st, site, reference(st, site), arguments, training_argument(st, site))
            for function in then_part(st, site):
                if not isinstance(function, (ast.Name, ast.Attribute)):
                    raise st.ctx.refuse(own.rule.id, function, st.module, "a function made on the spot is applied")
                text = call_text(st.call_text(function), [text])
        case "layer_object":
            arguments = [st.call_text(e) for e in object_inputs(st, site)] + training_argument(st, site)
            assert own.holder is not None
            made_here = isinstance(own.holder, ast.Call)
            text = call_text(reference(st, site) if made_here else st.call_text(own.holder), arguments)
        case "variable":
            text = sized.variable_text(st, site, reference(st, site))
        case "object":
            text = reference(st, site)
        case "rnn":
            text = recurrent.use_text(st, site)
        case "metric" if own.rule is not None:
            text = call_text(f"{reference(st, site)}.update_state", metric_weights.update_arguments(st, site))
        case _:
            text = owner_use_text(st, site)
    return text


def metric_inputs(st: Body, site: Site) -> list[ast.expr]:
    """The arguments of a tf.metrics call that go to update_state."""
    if site.own.rule is None:
        owner = owner_of(st.ctx, st, site.own)
        given = python_arguments(st.ctx, st.module, owner.node, site.own.call)
        return [e for name, e in given.items() if owner.roles.get(name) == "call"]
    found, weights = metric_weights.inputs(st, site)
    return found if weights is None else [*found, weights]


def then_part(st: Body, site: Site) -> list[ast.expr]:
    """The function that is applied to a layer's result, where one is given."""
    rule = site.own.rule
    if rule is None or not rule.then:
        return []
    node = rule_arguments.bound_or_refuse(st.ctx, st.module, rule, site.own.call).get(rule.then)
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return []
    return [node]


def training_part(st: Body, site: Site) -> list[ast.expr]:
    """The argument that tells a layer whether it trains, where one is given."""
    rule = site.own.rule
    norm = normalized.norm_of(st, site)
    if norm is not None:
        rule, call = norm
        node = normalizers.given(st.ctx, st.module, call).get(rule.training or "")
        return [] if node is None else [node]
    if rule is None or not rule.training:
        return []
    bound = rule_arguments.bound_or_refuse(st.ctx, st.module, rule, site.own.call) if site.own.kind == "layer" else {}
    if site.own.kind == "layer_object":
        bound = {k.arg: k.value for k in site.own.call.keywords if k.arg}
    node = bound.get(rule.training)
    return [] if node is None else [node]


def training_argument(st: Body, site: Site) -> list[str]:
    """`training=...` for a layer that has it, with the legacy default written out."""
    norm = normalized.norm_of(st, site)
    rule = norm[0] if norm is not None else site.own.rule
    if rule is None or not rule.training:
        return []
    given = training_part(st, site)
    if own_test := st.follows.get(site.own.call):
        return [f"training={st.training_text(own_test)}"]
    if dropouts.follows_mode(st, site):
        st.uses_training = st.training_by_mode = True
        return ["training=training"]
    if given and st.tells_mode(given[0]):
        st.uses_training = True
        return ["training=training"]
    if given:
        return [f"training={st.call_text(given[0])}"]
    if "*" in rule.weights and not any(inner.training for inner in called_layers(st) if inner is not rule):
        return []  # a model of layers that do not ask whether they train
    default = default_source(rule, rule.training) if rule.signature else None
    if site.own.kind == "layer_object" and keras_classes.inherits_training(st, site):
        parameter = next(n for n in ast.walk(st.node) if isinstance(n, ast.arg) and n.arg == "training")
        return [f"training={st.call_text(ast.copy_location(ast.Name('training', ast.Load()), parameter))}"]
    if site.own.kind == "layer_object" and phases.follow_mode(st.ctx.facts):
        keras_classes.refuse_phase(st, site)
        st.uses_training = True
        return ["training=training"]
    if site.own.kind == "layer_object":
        message = "called without `training`: this layer is never in training mode, which training=False keeps so"
        st.ctx.note("never-training", "warning", st.module, site.own.call, message)
    return [f"training={default or 'False'}"]


def called_layers(st: Body) -> list[Rule]:
    """The rules of the layer classes that the model_fn constructs."""
    called = [partials.base(o) for values in st.ctx.facts.callees.values() for c in values for o in options(c)]
    names = {o.name for o in called if isinstance(o, Symbol)}
    rules = (st.ctx.rules.find(name) for name in sorted(names))
    return [rule for rule in rules if rule is not None and rule.kind == "layer_class"]


def asked_text(st: Body, site: Site) -> str:
    """The text of an owning call whose result is asked for: of a function of metrics, what it returns beside them."""
    if not returned_values.is_asked(st.ctx, site):
        return use_text(st, site)
    returned_values.unpacked(st, site)
    owner = owner_of(st.ctx, st, site.own)
    if owner.tell_values is not None:
        owner.tell_values()
        owner.tell_values = None
    return owner_use_text(st, site, f".{returned_values.METHOD}")


def owner_use_text(st: Body, site: Site, method: str = "") -> str:
    """Calling the layer that a project function became."""
    own = site.own
    owner = owner_of(st.ctx, st, own)
    bound = python_arguments(st.ctx, st.module, owner.node, own.call)
    positional = {id(a) for a in own.call.args}
    arguments: list[str] = []
    leading = True
    for name in owner.call_parameters:
        if name not in bound:
            leading = False
            continue
        text = st.call_text(bound[name])
        number = owner.staging is not None and name in owner.staging.late  # Keras takes tensors alone by position
        given = st.ctx.facts.value(bound[name])
        said = options(given) if given is not None else ()
        worded = any(isinstance(o, Const) and isinstance(o.value, str) for o in said)
        if leading and id(bound[name]) in positional and not number and not worded:
            arguments.append(text)
        else:
            leading = False
            arguments.append(f"{name}={text}")
    for attribute, node in told_tensors(st, own, owner):
        value = node.id if isinstance(node, ast.Name) else st.parameter(attribute)
        arguments.append(f"{owner.parameter_names[attribute]}={value}")
    free = [c for c in owner.tensors if not c.startswith("self.")]
    arguments += [f"{c}={c}" if c not in st.captured else f"{c}=self.{st.captured[c]}" for c in free]
    if owner.training:
        arguments.append(owner_training(st, owner, bound))
    if own.kind == "entry":
        target = entry_object(st.ctx, own.call)
        holder = (
            reference(st, st.sites[target])
            if isinstance(target, ast.Call) and target in st.sites
            else (st.call_text(target))
        )
        return call_text(holder, arguments)
    updating = ".update_state" if own.kind == "metric" else method
    return call_text(f"{reference(st, site)}{updating}", arguments)


def owner_training(st: Body, owner: Owner, bound: dict[str, ast.expr]) -> str:
    """The `training` argument for a converted callee: from its own mode parameter where there is one."""
    defaults = default_nodes(owner.node)
    for name, role in owner.roles.items():
        if role != "mode" or (name not in bound and name not in defaults) or not active("training-per-call"):
            continue
        given = bound.get(name, defaults.get(name))
        assert given is not None
        text = st.training_text(given)
        if text is not None:
            return f"training={text}"
        value = st.ctx.facts.value(given) or Const(getattr(given, "value", None))
        if st.tells_mode(given):
            break
        if isinstance(value, Const) and isinstance(value.value, bool) and not value.mode:
            return f"training={value.value}"
        if name in owner.flags:
            raise st.ctx.refuse("mode-value", given, st.module, f"`{name}` is not the training flag alone")
    st.uses_training = True
    return "training=training"


def comprehension_text(st: Body, node: ast.ListComp | ast.GeneratorExp) -> str | None:
    """A comprehension that creates a layer per item, over the list of those layers."""
    inside = [s for s in st.sites.values() if s.comprehension is node]
    if not inside:
        return None
    if len(node.generators) != 1 or node.generators[0].ifs:
        raise st.ctx.refuse(
            "comprehension", node, st.module, "layers are created in a filtered or nested comprehension"
        )
    generator = node.generators[0]
    element = st.call_text(node.elt)
    targets = {n.id for n in every(generator.target, ast.Name)}
    used = targets & st.loads_call(node.elt)
    names = [s.names[-1] for s in inside]
    lists = [f"self.{s.attr}" for s in inside]
    if used:
        target = st.module.segment(generator.target)
        if isinstance(generator.target, ast.Tuple) and not target.startswith("("):
            target = f"({target})"
        head = f"{', '.join([target, *names])} in zip({', '.join([st.call_text(generator.iter), *lists])})"
    elif len(names) == 1:
        head = f"{names[0]} in {lists[0]}"
    else:
        head = f"{', '.join(names)} in zip({', '.join(lists)})"
    opening, closing = ("[", "]") if isinstance(node, ast.ListComp) else ("(", ")")
    return f"{opening}{element} for {head}{closing}"
