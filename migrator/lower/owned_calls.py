"""The two halves of an owning call: the text that creates what it owns, and the text that uses it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Function, Instance, ModuleRef, Partial, Result, Symbol, Value, options
from migrator.emit.fragments import call_text, standalone
from migrator.lower import dropouts, keras_classes, metric_pairs, partials, recurrent, rewriting, sized, variables
from migrator.lower.context import Context
from migrator.lower.owning import Own, class_entry, one_definition, owns
from migrator.lower.slices import kept_name
from migrator.rulebook import Rule, default_source
from migrator.source.module import Module
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.owners import Owner
    from migrator.lower.staging import Site, Staging


# ------------------------------------------------------------------------------------------------------- arguments
def python_arguments(ctx: Context, module: Module, definition: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr]:
    """Parameter -> argument of a call to a project function; `self` is left out."""
    parameters = [p.arg for p in (*definition.args.posonlyargs, *definition.args.args)]
    values = list(ctx.facts.callees.get(call, []))
    if (any(is_bound(v) for v in values) or definition.name == "__init__") and parameters:
        parameters = parameters[1:]
    bound: dict[str, ast.expr] = {}
    for name, argument in zip(parameters, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            raise ctx.refuse("star-arguments", call, module, "arguments passed with * cannot be told apart")
        bound[name] = argument
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ctx.refuse("star-arguments", call, module, "arguments passed with ** cannot be told apart")
        bound[keyword.arg] = keyword.value
    return bound


def is_bound(value: Value) -> bool:
    """True for a bound method or a callable object."""
    return any(isinstance(o, Instance) or (isinstance(o, Function) and o.bound is not None) for o in options(value))


def layer_inputs(st: Staging, site: Site) -> list[ast.expr]:
    """The arguments of a layer function that go to the layer's call."""
    rule = site.own.rule
    assert rule is not None
    bound = rewriting.bound_or_refuse(st.ctx, st.module, rule, site.own.call)
    missing = [name for name in rule.inputs if name not in bound]
    if missing:
        raise st.ctx.refuse(rule.id, site.own.call, st.module, f"argument `{missing[0]}` is missing")
    return [bound[name] for name in rule.inputs]


def object_inputs(st: Staging, site: Site) -> list[ast.expr]:
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


def owner_of(st: Staging, own: Own) -> Owner:
    """The converted form of the function that an owning call calls."""
    from migrator.lower import owners

    return owners.owner_of(st.ctx, st, own)


def call_parts(st: Staging, site: Site) -> list[ast.expr]:
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
            owner = owner_of(st, own)
            bound = python_arguments(st.ctx, st.module, owner.node, own.call)
            parts = [e for name, e in bound.items() if owner.roles.get(name) == "call"]
            parts += [node for _, node in told_tensors(st, own, owner)]
            if own.kind == "entry":
                target = entry_object(st.ctx, own.call)
                parts += [target] if target not in st.sites else []
            return parts
    return []


def told_tensors(st: Staging, own: Own, owner: Owner) -> list[tuple[str, ast.expr]]:
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


def entry_object(ctx: Context, call: ast.Call) -> ast.expr:
    """The expression of the object whose entry is called: `net` of `net(x)` and of `net.build(x)`."""
    called = [o for v in ctx.facts.callees.get(call, []) for o in options(v)]
    itself = any(isinstance(o, Instance) for o in called)
    return call.func.value if isinstance(call.func, ast.Attribute) and not itself else call.func


def static_parts(st: Staging, site: Site) -> list[ast.AST]:
    """Sub-expressions that creating what a call owns needs."""
    own = site.own
    condition: list[ast.AST] = [site.condition.test] if site.condition is not None else []
    if site.shared is not None:
        return []
    if site.comprehension is not None and hasattr(site.comprehension, "generators"):
        condition += [site.comprehension.generators[0].iter]
    match own.kind:
        case "layer":
            assert own.rule is not None
            bound = rewriting.bound_or_refuse(st.ctx, st.module, own.rule, dropouts.in_training(st, site))
            sources = {a.source for a in own.rule.args} - sized.late_arguments(st, site).keys()
            return condition + [e for name, e in bound.items() if name in sources]
        case "metric" if own.rule is not None:
            bound = rewriting.bound_or_refuse(st.ctx, st.module, own.rule, own.call)
            sources = {a.source for a in own.rule.args}
            return condition + [e for name, e in bound.items() if name in sources]
        case "variable":
            return condition + variables.static_parts(st, site, sized.late_arguments(st, site).values())
        case "rnn":
            return condition + recurrent.static_parts(st, site)
        case "function" | "metric":
            owner = owner_of(st, own)
            bound = python_arguments(st.ctx, st.module, owner.node, own.call)
            parts: list[ast.AST] = [e for name, e in bound.items() if owner.roles.get(name) == "static"]
            parts += [d for name, d in owner.outer_defaults.items() if name not in bound]
            if is_indirect(st, own) or (isinstance(own.call.func, ast.Name) and own.call.func.id in st.locals):
                parts.append(own.call.func)
            captured = [kept_name(c[5:]) if c.startswith("self.") else c for c in owner.captured]
            return condition + parts + [ast.Name(c, ast.Load()) for c in captured if c in st.locals]
        case "layer_object":
            func = own.holder
            return (
                condition + [*func.args, *(k.value for k in func.keywords)] if isinstance(func, ast.Call) else condition
            )
        case "object":
            return condition + [*own.call.args, *(k.value for k in own.call.keywords)]
    return []


# ------------------------------------------------------------------------------------------------------------ text
def reference(st: Staging, site: Site) -> str:
    """How the call half names what a site owns."""
    return site.names[-1] if site.names else f"self.{site.attr}"


def use_text(st: Staging, site: Site) -> str:
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
            text = call_text(f"{reference(st, site)}.update_state", [st.call_text(e) for e in metric_inputs(st, site)])
        case _:
            text = owner_use_text(st, site)
    return text


def metric_inputs(st: Staging, site: Site) -> list[ast.expr]:
    """The arguments of a tf.metrics call that go to update_state."""
    rule = site.own.rule
    if rule is None:
        owner = owner_of(st, site.own)
        given = python_arguments(st.ctx, st.module, owner.node, site.own.call)
        return [e for name, e in given.items() if owner.roles.get(name) == "call"]
    bound = rewriting.bound_or_refuse(st.ctx, st.module, rule, site.own.call)
    found = [bound[name] for name in rule.update if name in bound]
    if rule.weights_arg and rule.weights_arg in bound:
        found.append(bound[rule.weights_arg])
    return found


def then_part(st: Staging, site: Site) -> list[ast.expr]:
    """The function that is applied to a layer's result, where one is given."""
    rule = site.own.rule
    if rule is None or not rule.then:
        return []
    node = rewriting.bound_or_refuse(st.ctx, st.module, rule, site.own.call).get(rule.then)
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return []
    return [node]


def training_part(st: Staging, site: Site) -> list[ast.expr]:
    """The argument that tells a layer whether it trains, where one is given."""
    rule = site.own.rule
    if rule is None or not rule.training:
        return []
    bound = rewriting.bound_or_refuse(st.ctx, st.module, rule, site.own.call) if site.own.kind == "layer" else {}
    if site.own.kind == "layer_object":
        bound = {k.arg: k.value for k in site.own.call.keywords if k.arg}
    node = bound.get(rule.training)
    return [] if node is None else [node]


def training_argument(st: Staging, site: Site) -> list[str]:
    """`training=...` for a layer that has it, with the legacy default written out."""
    rule = site.own.rule
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
    if site.own.kind == "layer_object":
        message = "called without `training`: this layer is never in training mode, which training=False keeps so"
        st.ctx.note("never-training", "warning", st.module, site.own.call, message)
    return [f"training={default or 'False'}"]


def called_layers(st: Staging) -> list[Rule]:
    """The rules of the layer classes that the model_fn constructs."""
    names = {
        o.name
        for callees in st.ctx.facts.callees.values()
        for c in callees
        for o in options(c)
        if isinstance(o, Symbol)
    }
    rules = (st.ctx.rules.find(name) for name in sorted(names))
    return [rule for rule in rules if rule is not None and rule.kind == "layer_class"]


def owner_use_text(st: Staging, site: Site) -> str:
    """Calling the layer that a project function became."""
    own = site.own
    owner = owner_of(st, own)
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
        if leading and id(bound[name]) in positional and not number:
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
    updating = ".update_state" if own.kind == "metric" else ""
    return call_text(f"{reference(st, site)}{updating}", arguments)


def default_nodes(node: ast.FunctionDef) -> dict[str, ast.expr]:
    """Parameter -> default of a definition."""
    a = node.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    found = dict(zip(positional[len(positional) - len(a.defaults) :], a.defaults, strict=True))
    return found | {p.arg: d for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None}


def owner_training(st: Staging, owner: Owner, bound: dict[str, ast.expr]) -> str:
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


def creation_text(st: Staging, site: Site) -> str:
    """The expression that creates what a call owns."""
    own = site.own
    ctx, module = st.ctx, st.module
    match own.kind:
        case "layer":
            assert own.rule is not None and own.rule.target is not None
            if sized.waits(st, site):
                return sized.creation_text(st, site)
            ctx.lower_level(own.rule.level)
            made = rewriting.target(ctx, module, own.rule, own.call)
            text = rewriting.rule_text(ctx, module, own.rule, dropouts.in_training(st, site), st.static_text, made)
        case "metric":
            text = metric_text(st, own)
        case "variable":
            text = sized.creation_text(st, site) if sized.waits(st, site) else variables.creation_text(st, site)
        case "rnn":
            text = recurrent.creation_text(st, site)
        case "layer_object":
            assert own.holder is not None
            text = st.static_text(own.holder)
        case "object":
            text = static_call_text(st, own.call) or st.static_text(own.call)
        case _:
            text = owner_creation_text(st, own)
    if site.condition is not None:
        test = st.static_text(site.condition.test)
        branches = {id(n) for n in descendants(site.condition.body)}
        text = f"{text} if {test} else None" if id(own.call) in branches else f"None if {test} else {text}"
    return text


def metric_text(st: Staging, own: Own) -> str:
    """A metric object under the key that evaluate reports."""
    rule = own.rule
    key = st.ctx.metric_names.get(own.call)
    node = st.ctx.metric_keys.get(own.call)
    if key is None and node is None:
        raise st.ctx.refuse("metrics", own.call, st.module, "a metric is made that evaluate does not report")
    key = key if key is not None or node is None else st.static_text(node)
    named = [f"name={key}"] if key else []
    if rule is None:
        from migrator.lower.staging import with_arguments

        text = owner_creation_text(st, own)
        return with_arguments(text, named) if named else text
    assert rule.target is not None
    st.ctx.lower_level(rule.level)
    found = rewriting.arguments(st.ctx, st.module, rule, own.call, st.static_text)
    shown = [text for name, text in found if name != "name"]
    made = rewriting.target(st.ctx, st.module, rule, own.call)
    return st.ctx.use(st.module, call_text(made, [*shown, *named]))


def owner_creation_text(st: Staging, own: Own) -> str:
    """Constructing the layer that a project function became."""
    owner = owner_of(st, own)
    bound = python_arguments(st.ctx, st.module, owner.node, own.call)
    func = own.call.func
    indirect = is_indirect(st, own)
    check_alternatives(st, own)
    partials.check_function(st.ctx, st.module, own.call, owner.roles)
    name = st.static_text(func) if indirect else owner_name(st, owner, func)
    positional = {id(a) for a in own.call.args}
    arguments: list[str] = []
    leading = True
    defaults = default_nodes(owner.node) if owner.captured or owner.outer_defaults else {}
    for parameter in owner.init_parameters:
        if parameter not in bound and parameter in owner.outer_defaults:
            default = outer_default(st, owner, parameter)
            arguments.append(f"{parameter}={st.static_text(default)}")
        if parameter not in bound or parameter in defaults:
            leading = False  # other parameters may stand before it now
        if parameter not in bound:
            continue
        text = standalone(st.static_text(bound[parameter]))
        if leading and id(bound[parameter]) in positional:
            arguments.append(text)
        else:
            leading = False
            arguments.append(f"{parameter}={text}")
    if not indirect:
        check_object(st, owner, func)
        arguments += captured_arguments(st, owner)
    return call_text(name, arguments)


def outer_default(st: Staging, owner: Owner, parameter: str) -> ast.expr:
    """A default that reads the values of the function around, where these are the same at the call."""
    default = owner.outer_defaults[parameter]
    names = {n.id for n in descendants(default) if isinstance(n, ast.Name)}
    stores = [n.id for n in descendants(st.node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)]
    if owner.node not in st.node.body or any(stores.count(n) > (n not in st.roles) for n in names if n in st.locals):
        message = f"the default of `{parameter}` is a value of the enclosing function"
        raise st.ctx.refuse("default", default, st.module, message)
    return default


def is_indirect(st: Staging, own: Own) -> bool:
    """True when a call goes through a value that holds the function, not through the function's own name."""
    func, definition = own.call.func, own.definition
    if isinstance(func, ast.Name) and func.id not in st.locals:
        return bool(partials.of_function(st.ctx, own.call))
    if isinstance(func, ast.Name):
        named = definition is not None and func.id == definition.name and not own.alternatives
        return func.id in st.locals and (func.id in st.roles or not named)
    if isinstance(func, ast.Attribute):
        return bool(own.alternatives)
    return True


def check_alternatives(st: Staging, own: Own) -> None:
    """Refuse a call of one of several functions when some of them make layers and others make none."""
    for value in st.ctx.facts.callees.get(own.call, []):
        for option in options(value):
            if isinstance(option, Function) and not owns(st.ctx, option.node):
                message = "some of the functions that are called here make layers, and some make none"
                raise st.ctx.refuse("function-choice", own.call, st.module, message)


def owner_name(st: Staging, owner: Owner, func: ast.expr) -> str:
    """The layer class as the module names it: `network.Forward` where the function was called as `network.forward`."""
    value = st.ctx.facts.value(func.value) if isinstance(func, ast.Attribute) else None
    if isinstance(func, ast.Attribute) and isinstance(value, ModuleRef):
        return f"{st.module.segment(func.value)}.{owner.class_name}"
    return owner.name_in(st.ctx, st.module)


def captured_arguments(st: Staging, owner: Owner) -> list[str]:
    """The enclosing names and self attributes that a converted function was closed over, as keyword arguments."""
    found = []
    for name in owner.captured:
        if not name.startswith("self."):
            found.append(f"{name}={name}")
            continue
        if kept_name(name.removeprefix("self.")) in st.locals:
            value = kept_name(name.removeprefix("self."))
        elif st.keep_self:
            value = name
        else:
            st.needed_parameters.add(name)
            value = st.parameter(name)
        found.append(f"{owner.parameter_names[name]}={value}")
    return found


def check_object(st: Staging, owner: Owner, func: ast.expr) -> None:
    """Refuse a method that reads its object, called on another object than the one at hand."""
    if not any(name.startswith("self.") for name in (*owner.captured, *owner.tensors)):
        return
    of_super = isinstance(func, ast.Attribute) and ast.unparse(func.value).startswith("super(")
    own = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == st.self_name
    if not st.self_name or not (own or of_super or isinstance(func, ast.Name)):
        message = f"`{owner.node.name}` reads attributes of an object that is not followed"
        raise st.ctx.refuse("object-state", func, st.module, message)


def static_call_text(st: Staging, node: ast.Call) -> str | None:
    """A call in the construction half of a class that became a layer: arguments known only later are left out."""
    from migrator.analysis.values import ClassRef
    from migrator.lower import owners

    for value in st.ctx.facts.callees.get(node, []):
        for callee in options(value):
            if isinstance(callee, ClassRef) and class_entry(st.ctx, callee) is not None:
                return owners.construct_text(st, node, callee)
            if isinstance(callee, Result) and st.ctx.rules.find(callee.symbol) is None:
                return None
    return None


def value_text(st: Staging, node: ast.expr) -> str | None:
    """A project function passed as a value: the layer class that it became, or a partial of it."""
    from migrator.lower import owners

    value = one_definition(st.ctx.facts.value(node))
    if (isinstance(node, ast.Name) and node.id in st.roles) or not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
        return None
    if value is not None and isinstance(value.node, ast.FunctionDef) and owns(st.ctx, value.node):
        owner = owners.owner_of(
            st.ctx, st, Own(ast.Call(node, [], []), "function", definition=value.node, function=value)
        )
        name = owner.name_in(st.ctx, st.module)
        captured = captured_arguments(st, owner)
        if not captured:
            return name
        st.ctx.imports.setdefault(st.module.path, set()).add("functools")
        return call_text("functools.partial", [name, *captured])
    return None


def chosen_definition(st: Staging, node: ast.FunctionDef) -> str:
    """The class that one of several functions of a name became, where the program defines the one that it calls."""
    from migrator.lower import owners

    function = owners.entry_function(st.ctx, node)
    kind = "metric" if metric_pairs.pair_of(st.ctx, node) is not None else "function"
    owner = owner_of(st, Own(ast.Call(ast.Name(node.name), [], []), kind, definition=node, function=function))
    if owner.captured or owner.outer_defaults:
        message = f"one of several functions `{node.name}` reads what is known where it is defined"
        raise st.ctx.refuse("function-choice", node, st.module, message)
    return owner.name_in(st.ctx, st.module)


def comprehension_text(st: Staging, node: ast.ListComp | ast.GeneratorExp) -> str | None:
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
    targets = {n.id for n in descendants(generator.target) if isinstance(n, ast.Name)}
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


__all__ = ["Partial", "Symbol", "call_parts", "creation_text", "static_parts", "use_text"]
