"""The Keras model that an Estimator is made of: its layers, and what it was compiled with.

It is followed where one block makes it: the block that makes the Estimator, or the function at the top of the file that
it calls. In that block the model has one name, which is read to add layers, to compile it, and to hand it on.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator

from migrator.plain.carried import binding, in_loop, is_assignment, resolved
from migrator.plain.found import Site, Staying, arguments_of, bound_in, symbol_of
from migrator.rulebook.binding import parameters
from migrator.source.inventory import import_aliases
from migrator.source.syntax import descendants, every

MODULE = "tensorflow.keras."
SEQUENTIAL = ("tensorflow.keras.Sequential", "tensorflow.keras.models.Sequential")
LAYERS = "tensorflow.keras.layers."
COMPILED = (
    "optimizer='rmsprop', loss=None, metrics=None, loss_weights=None, sample_weight_mode=None, weighted_metrics=None, "
    "target_tensors=None"
)


@dataclasses.dataclass(frozen=True, eq=False)
class KerasModel:
    """A compiled stack of layers.

    `site`: the place of the code that makes it, where its names mean something. `statements`: that code, which goes
    with the construction. `given`: what the parameters of the function that makes it stand for, if one does.
    """

    site: Site
    made: ast.Call
    layers: tuple[ast.Call, ...]
    compiled: dict[str, ast.expr]
    statements: tuple[ast.stmt, ...]
    given: dict[str, ast.expr]


def keras_model(site: Site, node: ast.expr) -> KerasModel:
    """The model that an Estimator is given. Raises Staying where it cannot be followed."""
    made = resolved(site, node)
    if not isinstance(made, ast.Call):
        raise Staying("argument `keras_model`: which model it is cannot be followed")
    if sequential(site, made) or not isinstance(made.func, ast.Name):
        if not isinstance(node, ast.Name):
            raise Staying("argument `keras_model`: the model is not compiled")
        return stacked(site, node.id, {}, site.call)
    maker = maker_of(site, made.func.id)
    outer = [] if not isinstance(node, ast.Name) else [binding(site, node.id)]
    if isinstance(node, ast.Name) and sum(n.id == node.id for n in every(holder_of(site, node.id), ast.Name)) != 2:
        raise Staying("other code reads the Keras model too")
    last = maker.body[-1]
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Name):
        raise Staying(f"`{maker.name}` does not end in the name of the Keras model that it makes")
    inside = dataclasses.replace(site, around=(maker,))
    model = stacked(inside, last.value.id, parameters_of(site, maker, made), last)
    left = [s for s in maker.body if s not in model.statements and s is not last and not is_docstring(s)]
    if left:
        raise Staying(f"`{maker.name}` does more than to make a Keras model (line {left[0].lineno})")
    statements = (maker, *(s for s in outer if s is not None))
    return dataclasses.replace(model, statements=statements)


def sequential(site: Site, node: ast.expr) -> bool:
    """True for a call that makes a stack of layers."""
    return isinstance(node, ast.Call) and symbol(site, node) in SEQUENTIAL


def symbol(site: Site, call: ast.Call) -> str:
    """The library name that a call spells."""
    return symbol_of(call.func, import_aliases(site.module.tree))


def holder_of(site: Site, name: str) -> ast.FunctionDef | ast.Module:
    """The innermost function around a site that binds a name, or its file."""
    holders = [f for f in reversed(site.around) if isinstance(f, ast.FunctionDef) and name in bound_in(f)]
    return holders[0] if holders else site.module.tree


def binds_by_import(holder: ast.AST, name: str) -> Iterator[ast.stmt]:
    """The imports of a function that bind a name."""
    if not isinstance(holder, ast.Module):
        nodes = [n for n in descendants(holder) if isinstance(n, (ast.Import, ast.ImportFrom))]
        yield from (n for n in nodes if any((a.asname or a.name).split(".")[0] == name for a in n.names))


def maker_of(site: Site, name: str) -> ast.FunctionDef:
    """The function of the file that makes the model, and is called only for this. Raises Staying."""
    defined = [n for n in site.module.tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    if (
        len(defined) != 1
        or bound_in(site.module.tree).count(name) != 1
        or any(name in bound_in(f) for f in site.around)
    ):
        raise Staying("the Keras model is made in a way that cannot be followed")
    texts = [text for path, text in site.project.sources.items() if path != site.module.path]
    reads = [n for n in every(site.module.tree, ast.Name) if n.id == name]
    if len(reads) != 1 or any(name in text for text in texts):
        raise Staying(f"`{name}` makes a Keras model for other code too")
    if defined[0].decorator_list or defined[0].args.vararg or defined[0].args.kwarg:
        raise Staying(f"the arguments of `{name}` cannot be told apart")
    return defined[0]


def parameters_of(site: Site, maker: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr]:
    """What each parameter of the maker is given. Raises Staying where that may change until the Estimator is made."""
    bound = arguments_of(call, ast.unparse(maker.args))
    for name, node in bound.items():
        chain = node
        while isinstance(chain, (ast.Attribute, ast.Subscript)) and (
            isinstance(chain, ast.Attribute) or isinstance(chain.slice, ast.Constant)
        ):
            chain = chain.value
        if not isinstance(chain, (ast.Name, ast.Constant)):
            raise Staying(f"argument `{name}` of `{maker.name}`: give its value a name")
        if isinstance(chain, ast.Name) and bound_in(holder_of(site, chain.id)).count(chain.id) > 1:
            raise Staying(f"argument `{name}` of `{maker.name}` is bound more than once")
    known = parameters(ast.unparse(maker.args)).defaults
    for name, node in known.items():
        if name not in bound and not isinstance(node, ast.Constant):
            raise Staying(f"the default of `{name}` in `{maker.name}` is not a constant")
    return {**known, **bound}


def stacked(site: Site, name: str, given: dict[str, ast.expr], handed_on: ast.AST) -> KerasModel:
    """The stack of layers that a block makes under a name, up to where it is handed on. Raises Staying."""
    block = holder_of(site, name)
    starts = [n for n in descendants(block) if is_assignment(n, name)]
    start = starts[0] if len(starts) == 1 else None
    if not isinstance(start, ast.Assign) or bound_in(block).count(name) != 1 or in_loop(block, [start]):
        raise Staying("the Keras model is bound more than once, in a loop, or under a condition")
    made = start.value
    if not isinstance(made, ast.Call) or not sequential(site, made):
        raise Staying("only a Keras model that is a tf.keras.Sequential of its own is covered yet")
    listed = arguments_of(made, "layers=None, name=None").get("layers")
    layers: list[ast.expr] = []
    if listed is not None:
        listed = resolved(site, listed)
        if not isinstance(listed, ast.List):
            raise Staying("the layers of the Keras model are not written where it is made")
        layers += listed.elts
    statements: list[ast.stmt] = [start]
    compiled: list[ast.Call] = []
    within = block_of(block, start)
    for statement in within[within.index(start) + 1 :]:
        called = method_of(statement, name)
        if called is None:
            if any(reads(statement, name)) and handed_on not in descendants(statement):
                raise Staying(f"other code reads the Keras model too (line {statement.lineno})")
            continue
        method, call = called
        if method == "add" and len(call.args) == 1 and not call.keywords and not compiled:
            layers.append(call.args[0])
        elif method == "compile" and not compiled:
            compiled.append(call)
        elif method != "summary":
            raise Staying(f"`{method}` of the Keras model is called where it is made (line {statement.lineno})")
        statements.append(statement)
    own = sum(1 for statement in statements[1:] for _ in reads(statement, name))
    if sum(1 for _ in reads(block, name)) != own + 1 or sum(1 for _ in reads(handed_on, name)) != 1:
        raise Staying("other code reads the Keras model too")
    if not compiled:
        raise Staying("the Keras model is not compiled where it is made")
    resolved_layers = [resolved(site, layer) for layer in layers]
    calls = [layer for layer in resolved_layers if isinstance(layer, ast.Call)]
    strange = next(
        (one for one in resolved_layers if one not in calls or not symbol(site, one).startswith(LAYERS)), None
    )
    if strange is not None or not calls:
        raise Staying(f"a layer of the Keras model cannot be followed (line {(strange or start).lineno})")
    bound = arguments_of(compiled[0], COMPILED)
    statements += unread(site, block, [*statements, *([site.call] if handed_on is site.call else [])])
    return KerasModel(site, made, tuple(calls), bound, tuple(statements), given)


def block_of(holder: ast.FunctionDef | ast.Module, statement: ast.stmt) -> list[ast.stmt]:
    """The statements among which one stands: those of a function or file, or of `with` and `if __name__` in it."""
    for node in descendants(holder):
        body = getattr(node, "body", None)
        if isinstance(body, list) and statement in body:
            return body
    raise Staying("the Keras model is made under a condition")


def method_of(statement: ast.stmt, name: str) -> tuple[str, ast.Call] | None:
    """The method that a statement calls on a name, where it does nothing else."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    if not isinstance(call, ast.Call) or not isinstance(function, ast.Attribute):
        return None
    if not isinstance(function.value, ast.Name) or function.value.id != name:
        return None
    return function.attr, call


def reads(node: ast.AST, name: str) -> Iterator[ast.Name]:
    """Where a name is read."""
    return (n for n in every(node, ast.Name) if n.id == name and isinstance(n.ctx, ast.Load))


def unread(site: Site, block: ast.AST, going: list[ast.AST]) -> list[ast.stmt]:
    """The assignments that only the code reads which goes: an optimizer, a layer, a list of layers."""
    found: list[ast.stmt] = []
    while True:
        inside = {n for one in (*going, *found) for n in every(one, ast.Name)}
        more = [
            n
            for n in descendants(block)
            if isinstance(n, ast.Assign)
            and n not in going
            and n not in found
            and isinstance(n.value, ast.Call | ast.List)
            and len(n.targets) == 1
            and isinstance(n.targets[0], ast.Name)
            and any(one.id == n.targets[0].id for one in inside)
            and binding(site, n.targets[0].id) is n
            and all(one in inside for one in reads(block, n.targets[0].id))
            and keras_made(site, n.value)
        ]
        if not more:
            return found
        found += more


def keras_made(site: Site, node: ast.expr) -> bool:
    """True for what the library makes without doing anything: layers, optimizers, losses, and lists of these."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(keras_made(site, item) for item in node.elts)
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.Call) and symbol(site, node).startswith((MODULE, "tensorflow.train."))
    )


def is_docstring(node: ast.stmt) -> bool:
    """True for a text that stands for itself."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
