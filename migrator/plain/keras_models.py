"""The Keras model that an Estimator is made of: its layers, and what it was compiled with.

It is followed where the block that makes the Estimator makes it, or a function at the top of the file that is called
for this alone. There the model has one name, which is read to add layers, to compile it, and to hand it on.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Mapping

from migrator.plain import keras_reads
from migrator.plain.carried import binding, holder_of, reads, reads_of, resolved
from migrator.plain.found import Site, Staying, arguments_of, bound_in, symbol_of
from migrator.plain.keras_reads import Asked
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
class Block:
    """What one block does with a model under one name, the statements that do it, and what asks for its names."""

    added: tuple[ast.expr, ...]
    compiled: ast.Call | None
    statements: tuple[ast.stmt, ...]
    asked: tuple[Asked, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class KerasModel:
    """A compiled stack of layers.

    `site`: the place of the code that makes the layers, where its names mean something; `compiling` that of compile,
    whose arguments are `compiled`. `statements`: all that code, which goes with the construction. `maker`: the function
    that makes the layers, if one does, and what its parameters are `given`. `asked`: where its names are read.
    """

    site: Site
    made: ast.Call
    layers: tuple[ast.Call, ...]
    compiling: Site
    compiled: dict[str, ast.expr]
    statements: tuple[ast.stmt, ...]
    maker: ast.FunctionDef | None = None
    given: Mapping[str, ast.expr] = dataclasses.field(default_factory=dict)
    asked: tuple[Asked, ...] = ()


def keras_model(site: Site, node: ast.expr) -> KerasModel:
    """The model that an Estimator is given. Raises Staying where it cannot be followed."""
    made = resolved(site, node)
    if not isinstance(made, ast.Call):
        raise Staying("argument `keras_model`: which model it is cannot be followed")
    outer = block(site, node.id, site.call) if isinstance(node, ast.Name) else None
    if symbol(site, made):
        if outer is None:
            raise Staying("the Keras model is not compiled where it is made")
        return stacked(site, made, outer, site, outer.compiled, outer.statements)
    if not isinstance(made.func, ast.Name):
        raise Staying("argument `keras_model`: which model it is cannot be followed")
    maker = maker_of(site, made.func.id)
    last = maker.body[-1]
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Name):
        raise Staying(f"`{maker.name}` does not end in the name of the Keras model that it makes")
    inside = dataclasses.replace(site, around=(maker,))
    inner = block(inside, last.value.id, last)
    left = [s for s in maker.body if s not in inner.statements and s is not last and not is_docstring(s)]
    if left:
        raise Staying(f"`{maker.name}` does more than to make a Keras model (line {left[0].lineno})")
    if outer is not None and (outer.added or outer.compiled is not None and inner.compiled is not None):
        raise Staying("the Keras model is changed after it was made")
    compiled = inner.compiled or (outer.compiled if outer is not None else None)
    start = binding(inside, last.value.id)
    call = start.value if start is not None else None
    statements = (maker, *(outer.statements if outer is not None else ()))
    model = stacked(inside, call, inner, inside if inner.compiled else site, compiled, statements)
    asked = outer.asked if outer is not None else ()
    return dataclasses.replace(model, maker=maker, given=parameters_of(site, maker, made), asked=asked)


def sequential(site: Site, node: ast.expr) -> bool:
    """True for a call that makes a stack of layers."""
    return isinstance(node, ast.Call) and symbol(site, node) in SEQUENTIAL


def symbol(site: Site, call: ast.Call) -> str:
    """The library name that a call spells."""
    return symbol_of(call.func, import_aliases(site.module.tree))


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


def stacked(
    site: Site,
    made: ast.expr | None,
    own: Block,
    compiling: Site,
    compiled: ast.Call | None,
    statements: tuple[ast.stmt, ...],
) -> KerasModel:
    """The stack of layers that a block makes. Raises Staying where it is something else, or is not compiled."""
    if not isinstance(made, ast.Call) or not sequential(site, made):
        raise Staying("only a Keras model that is a tf.keras.Sequential of its own is covered yet")
    listed = arguments_of(made, "layers=None, name=None").get("layers")
    items = resolved(site, listed) if listed is not None else ast.List([], ast.Load())
    if not isinstance(items, ast.List):
        raise Staying("the layers of the Keras model are not written where it is made")
    if compiled is None:
        raise Staying("the Keras model is not compiled where it is made")
    layers = [alone(site, layer) for layer in (*items.elts, *own.added)]
    calls = [layer for layer in layers if isinstance(layer, ast.Call) and symbol(site, layer).startswith(LAYERS)]
    strange = next((one for one in layers if one not in calls), None)
    if strange is not None or not calls:
        raise Staying(f"a layer of the Keras model cannot be followed (line {(strange or made).lineno})")
    arguments = arguments_of(compiled, COMPILED)
    return KerasModel(site, made, tuple(calls), compiling, arguments, statements, asked=own.asked)


def block(site: Site, name: str, handed_on: ast.AST) -> Block:
    """What a block does with the model that it binds to a name, up to where it hands it on. Raises Staying."""
    holder = holder_of(site, name)
    start = binding(site, name)
    if start is None:
        raise Staying("the Keras model is bound more than once, in a loop, or under a condition")
    added: list[ast.expr] = []
    compiled: list[ast.Call] = []
    statements: list[ast.stmt] = [start]
    own = set(reads(holder, name))
    asking = {one.read: one for one in keras_reads.asked(site, holder, name)}
    within = block_of(holder, start)
    for statement in within[within.index(start) + 1 :]:
        called = method_of(statement, name)
        if keras_reads.is_shown(statement, name):
            statements.append(statement)
            continue
        if called is None:
            other = [n for n in every(statement, ast.Name) if n in own and n not in asking]
            if other and handed_on not in descendants(statement):
                raise Staying(f"other code reads the Keras model too (line {statement.lineno})")
            continue
        method, call = called
        if method == "add" and len(call.args) == 1 and not call.keywords and not compiled:
            added.append(call.args[0])
        elif method == "compile" and not compiled:
            compiled.append(call)
        elif method != "summary":
            raise Staying(f"`{method}` of the Keras model is called where it is made (line {statement.lineno})")
        statements.append(statement)
    told = sum(n in own for statement in statements[1:] for n in every(statement, ast.Name))
    if len(own) != told + len(asking) + 1 or len(reads(handed_on, name)) != 1:
        raise Staying("other code reads the Keras model too")
    statements += unread(site, holder, [*statements, *([site.call] if handed_on is site.call else [])])
    return Block(tuple(added), compiled[0] if compiled else None, tuple(statements), tuple(asking.values()))


def alone(site: Site, node: ast.expr) -> ast.expr:
    """What a name stands for that is read once: whatever else reads it may change it. Raises Staying."""
    if isinstance(node, ast.Name) and reads_of(site, node.id) != 1:
        raise Staying(f"other code reads `{node.id}`, a part of the Keras model, too")
    return resolved(site, node)


def block_of(holder: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """The statements among which one stands: those of a function or file, or of `with` and `if __name__` in it."""
    for node in descendants(holder):
        body = getattr(node, "body", None)
        if isinstance(body, list) and statement in body:
            return body
    raise Staying("the Keras model is made under a condition")


def method_of(statement: ast.stmt, name: str) -> tuple[str, ast.Call] | None:
    """The method that a statement calls on a name, where it does nothing else."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "print"
        and len(call.args) == 1
    ):
        call = call.args[0]
    function = call.func if isinstance(call, ast.Call) else None
    if not isinstance(call, ast.Call) or not isinstance(function, ast.Attribute):
        return None
    if not isinstance(function.value, ast.Name) or function.value.id != name:
        return None
    return function.attr, call


def unread(site: Site, block: ast.AST, going: list[ast.AST]) -> list[ast.stmt]:
    """What only the code reads which goes: an optimizer, a layer, a list of layers, and then an import for these."""
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
            return found + unread_imports(block, {n for one in (*going, *found) for n in every(one, ast.Name)})
        found += more


def unread_imports(block: ast.AST, inside: set[ast.Name]) -> list[ast.stmt]:
    """The imports of a function whose one name is only read by these."""
    if isinstance(block, ast.Module):
        return []
    imports = [n for n in descendants(block) if isinstance(n, (ast.Import, ast.ImportFrom)) and len(n.names) == 1]
    names = {n: (n.names[0].asname or n.names[0].name).split(".")[0] for n in imports}
    read = {n: reads(block, name) for n, name in names.items()}
    return [n for n in imports if read[n] and inside.issuperset(read[n])]


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
