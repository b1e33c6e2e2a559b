"""What an Estimator gives its input functions by the names of their parameters: `mode` and `params`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import lookup
from migrator.analysis.values import Function, Mapping, Partial, Result, Value, options
from migrator.emit.fragments import call_text
from migrator.lower.programs.groups import Render, given
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.detect.program import Construction, Use
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module

GIVEN = ("mode", "params", "config")
BATCH_SIZES = {"train": "train_batch_size", "eval": "eval_batch_size", "infer": "predict_batch_size"}
TPU_ARGUMENTS = frozenset(
    {*BATCH_SIZES.values(), "use_tpu", "batch_axis", "eval_on_tpu", "export_to_tpu", "export_to_cpu"}
)


def asked(value: Value) -> set[str]:
    """Which of `mode`, `params` and `config` a function takes and is not given yet: the Estimator gives those."""
    return set(left_open(value)[0]) & set(GIVEN)


def asks_for_more(value: Value) -> bool:
    """True for a function with parameters left open that no Estimator gives."""
    names, optional = left_open(value)
    return bool(set(names) - optional - set(GIVEN))


def left_open(value: Value) -> tuple[list[str], set[str]]:
    """(parameters of a function that are not given, those among them with a default), through partials."""
    bound: set[str] = set()
    count = 0
    while isinstance(value, Partial):
        bound |= value.kwargs.keys()
        count += len(value.args)
        value = value.function
    value = lookup.as_function(value)
    if not isinstance(value, Function):
        return [], set()
    a = value.node.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    optional = set(positional[len(positional) - len(a.defaults) :] if a.defaults else ())
    optional |= {p.arg for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None}
    names = [*positional[count + (value.bound is not None) :], *(p.arg for p in a.kwonlyargs)]
    return [name for name in names if name not in bound], optional


def arguments(group: Group, use: Use, mode: str, names: set[str], where: ast.AST, render: Render) -> list[str]:
    """`mode='train'` and `params=...` for an input function that asks for them."""
    return [f"{name}={argument(group, use, mode, name, where, render)}" for name in GIVEN if name in names]


def argument(group: Group, use: Use, mode: str, name: str, where: ast.AST, render: Render) -> str:
    """The text of one of them. Refuses what cannot be written where the input function is called."""
    if name == "mode":
        return repr(mode)
    if name == "config":
        raise group.ctx.refuse("input-fn", where, use.module, "the input function asks for the RunConfig")
    texts = {params_text(group, group.constructions[made], use, mode, where, render) for made in use.estimators}
    if len(texts) != 1:
        raise group.ctx.refuse("input-fn", where, use.module, "the params of several Estimators are meant")
    return texts.pop()


def batch_size(group: Group, construction: Construction, mode: str) -> ast.expr | None:
    """The batch size that a TPUEstimator adds to the params of one mode."""
    return given(construction.call, construction.result.symbol).get(BATCH_SIZES[mode])


def params_text(group: Group, construction: Construction, use: Use, mode: str, where: ast.AST, render: Render) -> str:
    """The params of an Estimator as its input functions get them: with the batch size of a TPUEstimator."""
    node = given(construction.call, construction.result.symbol).get("params")
    size = batch_size(group, construction, mode)
    if kept_by_model(group, construction):
        return f"{receiver_text(group, use, where, render)}.input_params[{mode!r}]"
    if size is None:
        return render(node) if node is not None else "{}"
    quote = '"' if node is not None and '"' in render(node) else "'"
    entry = f"{quote}batch_size{quote}: {render(size)}"
    if node is None:
        return f"{{{entry}}}"
    if isinstance(node, ast.Dict) and not any(k is None for k in node.keys) and "\n" not in render(node):
        inside = render(node).strip()[1:-1].strip().rstrip(",")
        return f"{{{inside}, {entry}}}" if inside else f"{{{entry}}}"
    return f"{{**{render(node)}, {entry}}}"


def receiver_text(group: Group, use: Use, where: ast.AST, render: Render) -> str:
    """The model that a call is made on, as an expression that can be written twice."""
    call = use.call
    node = call.func.value if isinstance(call.func, ast.Attribute) and use.kind != "train_and_evaluate" else None
    if use.kind == "train_and_evaluate":
        node = given(call, "tensorflow.estimator.train_and_evaluate").get("estimator")
    if not isinstance(node, (ast.Name, ast.Attribute)):
        message = "what the Estimator gives the input function cannot be written where it is called"
        raise group.ctx.refuse("input-fn", where, use.module, message)
    return render(node)


def kept_by_model(group: Group, construction: Construction) -> bool:
    """True when the model keeps the params for its input functions: somewhere they cannot be written anew."""
    parts = [given(construction.call, construction.result.symbol).get("params")]
    parts += [batch_size(group, construction, mode) for mode in BATCH_SIZES]
    for use in group.uses.values():
        if construction.call in use.estimators and asks_for_params(use):
            module, call = construction.module, construction.call
            readable = all(part is None or is_readable(module, call, use, part) for part in parts)
            if not readable or len(use.estimators) > 1:
                return True
    return parts[0] is not None and any(p is not None for p in parts[1:]) and not is_dict(group, parts[0])


def asks_for_params(use: Use) -> bool:
    """True when an input function of a call asks for the params."""
    return any(reaches_params(value, 0) for value in use.result.bound.values())


def reaches_params(value: Value, depth: int) -> bool:
    """True for a function that is left without its params, or a spec of training or evaluation made with one."""
    for option in options(value):
        if isinstance(option, (Function, Partial)) and "params" in asked(option):
            return True
        if isinstance(option, Result) and option.symbol.endswith(("TrainSpec", "EvalSpec")) and depth < 2:
            if any(reaches_params(inner, depth + 1) for inner in option.bound.values()):
                return True
    return False


def gives_params(group: Group, construction: Construction) -> bool:
    """True when the model keeps its params, because an input function asks for them where they cannot be written."""
    asked_for = any(construction.call in u.estimators and asks_for_params(u) for u in group.uses.values())
    return asked_for and kept_by_model(group, construction)


def with_params(group: Group, construction: Construction, build: str, render: Render) -> str:
    """The model made of its params, which it keeps for its input functions."""
    arguments = given(construction.call, construction.result.symbol)
    shown = [build, render(arguments["params"]) if "params" in arguments else "{}"]
    shown += [f"{name}={render(arguments[name])}" for name in BATCH_SIZES.values() if name in arguments]
    return group.ctx.use(construction.module, call_text("support.with_input_params", shown))


def is_dict(group: Group, node: ast.expr) -> bool:
    """True for an expression that is surely a dictionary."""
    value = group.ctx.facts.value(node)
    return value is not None and all(isinstance(o, Mapping) for o in options(value))


def is_readable(module: Module, call: ast.Call, use: Use, node: ast.expr) -> bool:
    """True for an expression of a call that means the same where an Estimator is used."""
    here = enclosing(use.module, use.call)
    there = enclosing(module, call)
    names = {n.id for n in every(node, ast.Name)}
    attributes = {n.attr for n in every(node, ast.Attribute)}
    if any(every(node, ast.Call)) or module.path != use.module.path:
        return False
    stored = {n.attr for n in every(module.tree, ast.Attribute) if isinstance(n.ctx, ast.Store)}
    if stored & attributes:
        return False
    if here is there:
        stores = [n.id for n in every(here, ast.Name) if isinstance(n.ctx, ast.Store)]
        return all(stores.count(name) <= 1 for name in names)
    return not any(names & local_names(scope) for scope in (here, there))


def enclosing(module: Module, node: ast.AST) -> ast.AST:
    """The innermost function that a node stands in, or the module."""
    found: ast.AST = module.tree
    for scope in (*every(module.tree, ast.FunctionDef), *every(module.tree, ast.Lambda)):
        if node in descendants(scope) and scope in descendants(found):
            found = scope
    return found


def local_names(scope: ast.AST) -> set[str]:
    """Names that a function binds; none for a module."""
    if isinstance(scope, ast.Module):
        return set()
    stored = {n.id for n in every(scope, ast.Name) if isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in every(scope, ast.arg)}


def lambda_text(group: Group, use: Use, mode: str, node: ast.Lambda, render: Render) -> str:
    """The body of a lambda with what the Estimator gives in place of its parameters."""
    names = {p.arg for p in (*node.args.args, *node.args.kwonlyargs)}
    if not names <= set(GIVEN):
        raise group.ctx.refuse("input-fn", node, use.module, "the input function takes arguments from nobody")
    constructions = [group.constructions[made] for made in use.estimators]
    sizes = {id(batch_size(group, c, mode)): batch_size(group, c, mode) for c in constructions}
    for part in descendants(node.body):
        taken = isinstance(part, ast.Subscript) and isinstance(part.value, ast.Name) and part.value.id == "params"
        if taken and isinstance(part, ast.Subscript) and "params" in names and len(sizes) == 1:
            size = next(iter(sizes.values()))
            if isinstance(part.slice, ast.Constant) and part.slice.value == "batch_size" and size is not None:
                argument(group, use, mode, "params", node, render)
                group.substituted[part] = render(size)
        if isinstance(part, ast.Name) and part.id in names:
            group.substituted[part] = argument(group, use, mode, part.id, node, render)
    return render(node.body)


def check_model_params(group: Group, construction: Construction) -> None:
    """Refuse a model_fn that reads the batch size from its params: what a TPUEstimator adds differs between modes."""
    sized = any(batch_size(group, construction, mode) is not None for mode in BATCH_SIZES)
    if sized and any(group.models[node].reads_batch_size for node in construction.model_fns):
        message = "the model_fn reads the batch size that the TPUEstimator adds to its params"
        raise group.ctx.refuse("tpu-estimator", construction.call, construction.module, message)
