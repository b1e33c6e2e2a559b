"""The text that creates what an owning call owns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.lookup import class_member
from migrator.analysis.values import ClassRef, Function, ModuleRef, Result, options
from migrator.emit.fragments import call_text, standalone, with_arguments
from migrator.lower.layers import dropouts, normalized, recurrent, sized, variables
from migrator.lower.library import partials, repeats, rewriting, rule_arguments
from migrator.lower.reading import definitions, owning
from migrator.lower.reading.class_lines import parameter_order
from migrator.lower.reading.definitions import class_of, one_definition, parameter_roles
from migrator.lower.reading.owner import Owner, owner_of
from migrator.lower.reading.owning import Own, class_entry, owns
from migrator.lower.reading.python_calls import default_nodes, python_arguments
from migrator.lower.reading.slices import kept_name
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.owner import Owner
    from migrator.lower.reading.sites import Site


def creation_text(st: Body, site: Site) -> str:
    """The expression that creates what a call owns."""
    own = site.own
    ctx, module = st.ctx, st.module
    match own.kind:
        case "layer":
            assert own.rule is not None and own.rule.target is not None
            if sized.waits(st, site):
                return sized.creation_text(st, site)
            ctx.lower_level(own.rule.level)
            made = rule_arguments.target(ctx, module, own.rule, own.call)
            rule = own.rule

            def single(call: ast.Call) -> str:
                return normalized.creation_text(
                    st, site, rewriting.rule_text(ctx, module, rule, call, st.static_text, made)
                )

            text = repeats.creation_text(st, site, dropouts.in_training(st, site), single)
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


def metric_text(st: Body, own: Own) -> str:
    """A metric object under the key that evaluate reports."""
    rule = own.rule
    key = st.ctx.metric_names.get(own.call)
    node = st.ctx.metric_keys.get(own.call)
    if key is None and node is None:
        raise st.ctx.refuse("metrics", own.call, st.module, "a metric is made that evaluate does not report")
    key = key if key is not None or node is None else st.static_text(node)
    named = [f"name={key}"] if key else []
    if rule is None:
        text = owner_creation_text(st, own)
        return with_arguments(text, named) if named else text
    assert rule.target is not None
    st.ctx.lower_level(rule.level)
    found = rule_arguments.arguments(st.ctx, st.module, rule, own.call, st.static_text)
    shown = [text for name, text in found if name != "name"]
    made = rule_arguments.target(st.ctx, st.module, rule, own.call)
    return st.ctx.use(st.module, call_text(made, [*shown, *named]))


def owner_creation_text(st: Body, own: Own) -> str:
    """Constructing the layer that a project function became."""
    owner = owner_of(st.ctx, st, own)
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


def outer_default(st: Body, owner: Owner, parameter: str) -> ast.expr:
    """A default that reads the values of the function around, where these are the same at the call."""
    default = owner.outer_defaults[parameter]
    names = {n.id for n in every(default, ast.Name)}
    stores = [n.id for n in every(st.node, ast.Name) if not isinstance(n.ctx, ast.Load)]
    if owner.node not in st.node.body or any(stores.count(n) > (n not in st.roles) for n in names if n in st.locals):
        message = f"the default of `{parameter}` is a value of the enclosing function"
        raise st.ctx.refuse("default", default, st.module, message)
    return default


def is_indirect(st: Body, own: Own) -> bool:
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


def check_alternatives(st: Body, own: Own) -> None:
    """Refuse a call of one of several functions when some of them make layers and others make none."""
    for value in st.ctx.facts.callees.get(own.call, []):
        for option in options(value):
            if isinstance(option, Function) and not owns(st.ctx, option.node):
                message = "some of the functions that are called here make layers, and some make none"
                raise st.ctx.refuse("function-choice", own.call, st.module, message)


def owner_name(st: Body, owner: Owner, func: ast.expr) -> str:
    """The layer class as the module names it: `network.Forward` where the function was called as `network.forward`."""
    value = st.ctx.facts.value(func.value) if isinstance(func, ast.Attribute) else None
    if isinstance(func, ast.Attribute) and isinstance(value, ModuleRef):
        return f"{st.module.segment(func.value)}.{owner.class_name}"
    return owner.name_in(st.ctx, st.module)


def captured_arguments(st: Body, owner: Owner) -> list[str]:
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


def check_object(st: Body, owner: Owner, func: ast.expr) -> None:
    """Refuse a method that reads its object, called on another object than the one at hand."""
    if not any(name.startswith("self.") for name in (*owner.captured, *owner.tensors)):
        return
    of_super = isinstance(func, ast.Attribute) and ast.unparse(func.value).startswith("super(")
    own = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == st.self_name
    if not st.self_name or not (own or of_super or isinstance(func, ast.Name)):
        message = f"`{owner.node.name}` reads attributes of an object that is not followed"
        raise st.ctx.refuse("object-state", func, st.module, message)


def static_call_text(st: Body, node: ast.Call) -> str | None:
    """A call in the construction half of a class that became a layer: arguments known only later are left out."""

    for value in st.ctx.facts.callees.get(node, []):
        for callee in options(value):
            if isinstance(callee, ClassRef) and class_entry(st.ctx, callee) is not None:
                return construct_text(st, node, callee)
            if isinstance(callee, Result) and st.ctx.rules.find(callee.symbol) is None:
                return None
    return None


def value_text(st: Body, node: ast.expr) -> str | None:
    """A project function passed as a value: the layer class that it became, or a partial of it."""

    value = one_definition(st.ctx.facts.value(node))
    if (isinstance(node, ast.Name) and node.id in st.roles) or not isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
        return None
    if value is not None and isinstance(value.node, ast.FunctionDef) and owns(st.ctx, value.node):
        owner = owner_of(st.ctx, st, Own(ast.Call(node, [], []), "function", definition=value.node, function=value))
        name = owner.name_in(st.ctx, st.module)
        captured = captured_arguments(st, owner)
        if not captured:
            return name
        st.ctx.imports.setdefault(st.module.path, set()).add("functools")
        return call_text("functools.partial", [name, *captured])
    return None


def chosen_definition(st: Body, node: ast.FunctionDef) -> str:
    """The class that one of several functions of a name became, where the program defines the one that it calls."""

    function = definitions.entry_function(st.ctx, node)
    kind = "metric" if owning.pair_of(st.ctx, node) is not None else "function"
    owner = owner_of(st.ctx, st, Own(ast.Call(ast.Name(node.name), [], []), kind, definition=node, function=function))
    if owner.captured or owner.outer_defaults:
        message = f"one of several functions `{node.name}` reads what is known where it is defined"
        raise st.ctx.refuse("function-choice", node, st.module, message)
    return owner.name_in(st.ctx, st.module)


def construct_text(st: Body, node: ast.Call, callee: ClassRef) -> str:
    """Constructing a class that became a layer: arguments that are known only when it is called are left out."""
    entry = class_entry(st.ctx, callee)
    assert entry is not None
    owner_of(st.ctx, st, Own(node, "object", definition=entry, cls=class_of(callee, entry)))
    init = class_member(callee, "__init__")
    name = st.static_text(node.func)
    if not isinstance(init, Function) or not isinstance(init.node, ast.FunctionDef):
        return f"{name}()"
    roles = parameter_roles(st.ctx, st.module, init.node)
    parameters = parameter_order(init.node)[1:]
    arguments: list[str] = []
    leading = True
    for parameter, argument in zip(parameters, node.args, strict=False):
        if roles[parameter] != "static":
            leading = False
        elif leading:
            arguments.append(standalone(st.static_text(argument)))
        else:
            arguments.append(f"{parameter}={st.static_text(argument)}")
    for keyword in node.keywords:
        if keyword.arg and roles.get(keyword.arg, "static") == "static":
            arguments.append(f"{keyword.arg}={st.static_text(keyword.value)}")
    return call_text(name, arguments)
