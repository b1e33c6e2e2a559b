"""`tf.contrib.layers.stack` written out: fully connected layers, each on the one before, as the loop that it is."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator

from migrator.plain.found import Staying, arguments_of, free_name, functions_around, is_alone, names_used, symbol_of
from migrator.plain.lines import Chunk
from migrator.source.inventory import import_aliases
from migrator.source.module import Module
from migrator.source.syntax import descendants, every, is_none_literal

STACK = "tensorflow.contrib.layers.stack"
LAYERS = ("tensorflow.contrib.layers.fully_connected",)  # whose elements of stack_args are numbers of units
OPTIONS = (  # what a fully connected layer takes beside its inputs, its units and its scope
    "activation_fn, normalizer_fn, normalizer_params, weights_initializer, weights_regularizer, biases_initializer, "
    "biases_regularizer, reuse, variables_collections, outputs_collections, trainable"
)
SIGNATURE = f"inputs, layer, stack_args, scope=None, {', '.join(f'{name}=None' for name in OPTIONS.split(', '))}"


@dataclasses.dataclass(frozen=True, eq=False)
class Stacked:
    """A function with a stack of layers that is written out: what replaces lines of its file."""

    function: ast.FunctionDef
    chunks: tuple[Chunk, ...]


def stacked(module: Module) -> Iterator[Stacked]:
    """The functions of a file that stack layers, where those are in statements of their own."""
    if "stack(" not in module.text:
        return
    aliases = import_aliases(module.tree)
    for statement in every(module.tree, ast.Assign):
        call = statement.value
        if not isinstance(call, ast.Call) or symbol_of(call.func, aliases) != STACK:
            continue
        top = next(node for node in module.tree.body if statement in descendants(node))
        around = functions_around(top, statement)
        function = around[-1] if around else None
        try:
            if isinstance(function, ast.FunctionDef):
                yield Stacked(function, (written(module, function, statement, call),))
        except Staying:
            continue  # the rule for the stack says why it has none


def written(module: Module, function: ast.FunctionDef, statement: ast.Assign, call: ast.Call) -> Chunk:
    """The statement as a loop. Raises Staying."""
    target = statement.targets[0] if len(statement.targets) == 1 else None
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    bound = arguments_of(call, SIGNATURE)
    layer, sizes, scope = bound["layer"], bound["stack_args"], bound.get("scope")
    if not isinstance(target, ast.Name) or not is_alone(module, statement):
        raise Staying("it shares a statement or a line with other code")
    if any(module.comment(number) is not None for number in lines):
        raise Staying("its comments would be lost")
    if symbol_of(layer, import_aliases(module.tree)) not in LAYERS:
        raise Staying("what is stacked is not a fully connected layer")
    if isinstance(sizes, (ast.List, ast.Tuple)) and any(isinstance(size, (ast.List, ast.Tuple)) for size in sizes.elts):
        raise Staying("a layer is given more than a number of units")
    if scope is not None and not is_none_literal(scope) and not is_text(scope):
        raise Staying("its scope is not written where it is made")
    others = [node for key, node in bound.items() if key != "inputs"]
    if any(name.id == target.id for node in others for name in every(node, ast.Name)):
        raise Staying("an argument reads the name that the result gets")
    given_name = scope.value if isinstance(scope, ast.Constant) and isinstance(scope.value, str) else ""
    name = given_name or "fully_connected"
    tf = module.segment(call.func).removesuffix(".contrib.layers.stack")
    if not tf.isidentifier():
        raise Staying("the file has no name for TensorFlow itself")
    index, units = (free_name(wanted, names_used(function)) for wanted in ("index", "units"))
    options = [f", {key}={module.segment(node)}" for key, node in bound.items() if key in OPTIONS.split(", ")]
    given = " ".join("".join(options).split())
    indent = module.indent_of(statement)
    opened = f'"{name}"' if given_name else 'None, "Stack"'
    texts = [
        f"{target.id} = {module.segment(bound['inputs'])}",
        f"with {tf}.variable_scope({opened}):",
        f"    for {index}, {units} in enumerate({module.segment(sizes)}):",
        f"        {target.id} = {module.segment(layer)}(",
        f'            {target.id}, {units}{given}, scope="{name}_%d" % ({index} + 1))',
    ]
    return Chunk(lines[0], lines[-1], tuple(indent + text for text in texts), statement.lineno)


def is_text(node: ast.expr) -> bool:
    """True for a text that names a scope."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != ""
