"""Functional Keras models of a model_fn written out: a function of tensors that calls their layers.

`Model(inputs, outputs)` called on tensors calls its layers on them, under the names that they have. What the call says
of `training` each layer is told; where it says nothing, no layer trains (TensorFlow 1.15's learning phase is 0).
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator, Mapping

from migrator.plain.found import Staying, arguments_of, bound_in, free_name, is_alone, names_used, symbol_of
from migrator.plain.lines import Chunk, respelled
from migrator.source.inventory import import_aliases
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import every

MODELS = ("tensorflow.keras.Model", "tensorflow.keras.models.Model")
INPUTS = ("tensorflow.keras.Input", "tensorflow.keras.layers.Input")
LAYERS = "tensorflow.keras.layers."
TRAINING = frozenset(  # layers that compute otherwise while they train
    {
        "AlphaDropout",
        "BatchNormalization",
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    }
)
RECURRENT = frozenset({"ConvLSTM2D", "CuDNNGRU", "CuDNNLSTM", "GRU", "LSTM", "RNN", "SimpleRNN", "Bidirectional"})


@dataclasses.dataclass(frozen=True, eq=False)
class Maker:
    """A function that makes a functional model, statement by statement, and returns it at its end."""

    function: ast.FunctionDef
    inputs: tuple[str, ...]
    made: tuple[ast.Assign, ...]  # the inputs
    outputs: ast.expr
    listed: bool  # whether the model takes a list


@dataclasses.dataclass(frozen=True, eq=False)
class Functional:
    """A function whose functional model is written out: what replaces and joins lines of its file."""

    function: ast.FunctionDef
    chunks: tuple[Chunk, ...]


def functional(project: Project, module: Module) -> Iterator[Functional]:
    """The functions of a file that call a functional model once, made in the same file."""
    if "Model(" not in module.text or "Input(" not in module.text:
        return
    aliases = import_aliases(module.tree)
    found = (maker_of(module, function, aliases) for function in top_functions(module))
    makers = {one.function.name: one for one in found if one is not None}
    taken: set[str] = set()
    for function in every(module.tree, ast.FunctionDef):
        for statement in function.body:
            try:
                one = written(project, module, function, statement, makers, taken)
            except Staying:
                continue  # the rule for a Keras model in a model_fn refuses it
            if one is not None:
                yield one


def network_name(maker: str) -> str:
    """What a network is called that a function makes a model of: `dense_network` for `create_dense_model`."""
    name = re.sub(r"_?model$", "", re.sub(r"^(create|build|make|get|define)_", "", maker))
    return f"{name}_network" if name else "network"


def top_functions(module: Module) -> list[ast.FunctionDef]:
    """The functions at the top of a file, under names that nothing else has."""
    names = bound_in(module.tree)
    found = [node for node in module.tree.body if isinstance(node, ast.FunctionDef)]
    return [node for node in found if not node.decorator_list and names.count(node.name) == 1]


def maker_of(module: Module, function: ast.FunctionDef, aliases: Mapping[str, str]) -> Maker | None:
    """What is known of a function that ends in `return Model(inputs, outputs)`; None for any other."""
    last = function.body[-1]
    model = last.value if isinstance(last, ast.Return) else None
    if not isinstance(model, ast.Call) or symbol_of(model.func, aliases) not in MODELS:
        return None
    if (
        len(every(function, ast.Return)) != 1
        or not is_alone(module, last)
        or function.args.vararg
        or function.args.kwarg
    ):
        return None
    try:
        bound = arguments_of(model, "inputs, outputs, name=None")
    except Staying:
        return None
    given, outputs = bound["inputs"], bound["outputs"]
    listed = isinstance(given, (ast.List, ast.Tuple))
    nodes = given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given]
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    assigns = [made for name in names for made in function.body if is_input(made, name, aliases)]
    made = [assign for assign in assigns if isinstance(assign, ast.Assign) and is_alone(module, assign)]
    once = all(bound_in(function).count(name) == 1 for name in names)
    if not names or len(names) != len(nodes) or len(made) != len(names) or not once:
        return None
    if isinstance(outputs, (ast.List, ast.Tuple)):
        return None
    return Maker(function, tuple(names), tuple(made), outputs, listed)


def is_input(node: ast.stmt, name: str, aliases: Mapping[str, str]) -> bool:
    """True for `name = Input(...)` of no tensor that is there already."""
    value = node.value if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    if not isinstance(target, ast.Name) or target.id != name or not isinstance(value, ast.Call):
        return False
    return symbol_of(value.func, aliases) in INPUTS and not any(k.arg in ("tensor", None) for k in value.keywords)


def written(
    project: Project,
    module: Module,
    function: ast.FunctionDef,
    statement: ast.stmt,
    makers: Mapping[str, Maker],
    taken: set[str],
) -> Functional | None:
    """A function whose statement makes a model, with its one call written out; None for any other statement.

    Raises Staying where the model is more than called once.
    """
    made = statement.value if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not (isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and isinstance(target, ast.Name)):
        return None
    maker = makers.get(made.func.id)
    if maker is None or maker.function is function or made.func.id in bound_in(function):
        return None
    read = [node for node in every(function, ast.Name) if node.id == target.id and node is not target]
    calls = [call for call in every(function, ast.Call) if call.func in read]
    if len(read) != 1 or len(calls) != 1 or not is_alone(module, statement):
        raise Staying("the model is more than called once")
    call = calls[0]
    bound = arguments_of(call, "inputs, training=None")
    training = bound.get("training")
    tensors = tensors_of(maker, bound["inputs"])
    if any(isinstance(a, ast.Starred) for a in made.args) or any(k.arg is None for k in made.keywords):
        raise Staying("arguments passed with * or ** cannot be told apart")
    if call.lineno != call.end_lineno or call.lineno <= (statement.end_lineno or statement.lineno):
        raise Staying("the model is called in several lines")
    name = free_name(network_name(made.func.id), taken | names_used(module.tree))
    own = [module.segment(a) for a in made.args] + [f"{k.arg}={module.segment(k.value)}" for k in made.keywords]
    told = [f"training={module.segment(training)}"] if training is not None else []
    text = f"{name}({', '.join([*(module.segment(t) for t in tensors), *own, *told])})"
    lines = network_lines(module, maker, name, training is not None)
    first, end = maker.function.lineno, maker.function.end_lineno or maker.function.lineno
    others = [path for path, text in project.sources.items() if path != module.path and made.func.id in text]
    alone = not others and sum(node.id == made.func.id for node in every(module.tree, ast.Name)) == 1
    chunks = (
        *(unneeded_import(module, maker.function) if alone else ()),
        Chunk(first, end, tuple(lines), first) if alone else Chunk(end + 1, end, ("", "", *lines), end),
        Chunk(statement.lineno, statement.end_lineno or statement.lineno, (), statement.lineno),
        *respelled(module, [(call, text)]),
    )
    taken.add(name)
    return Functional(function, chunks)


def unneeded_import(module: Module, maker: ast.FunctionDef) -> tuple[Chunk, ...]:
    """The import of the model's class alone, where only its maker names it."""
    model = maker.body[-1].value if isinstance(maker.body[-1], ast.Return) else None
    name = model.func.id if isinstance(model, ast.Call) and isinstance(model.func, ast.Name) else ""
    if sum(node.id == name for node in every(module.tree, ast.Name)) != 1:
        return ()
    imports = [node for node in module.tree.body if isinstance(node, ast.ImportFrom)]
    mine = [node for node in imports if [alias.asname or alias.name for alias in node.names] == [name]]
    alone = [node for node in mine if is_alone(module, node)]
    return tuple(Chunk(node.lineno, node.end_lineno or node.lineno, (), node.lineno) for node in alone)


def tensors_of(maker: Maker, given: ast.expr) -> list[ast.expr]:
    """The tensors of a call, one for each input. Raises Staying."""
    if not maker.listed:
        return [given]
    if not isinstance(given, (ast.List, ast.Tuple)) or len(given.elts) != len(maker.inputs):
        raise Staying("which tensor goes to which input is not written")
    return list(given.elts)


def network_lines(module: Module, maker: Maker, name: str, told: bool) -> list[str]:
    """The maker as a function of tensors. Raises Staying."""
    aliases = import_aliases(module.tree)
    function = maker.function
    if "training" in bound_in(function) and told:
        raise Staying("`training` means something else in the function")
    first, last = function.body[0], function.body[-1]
    edits: list[tuple[int, int, str]] = []
    for call in every(function, ast.Call):
        inner = call.func if isinstance(call.func, ast.Call) else None
        symbol = symbol_of(inner.func, aliases) if inner is not None else ""
        kind = symbol.removeprefix(LAYERS)
        if inner is not None and told:
            if not symbol.startswith(LAYERS) or kind in RECURRENT or any(k.arg == "training" for k in call.keywords):
                raise Staying("a layer of which it is not known how it trains")
            if kind in TRAINING:
                stop = module.span(call)[1]
                edits.append((stop - 1, stop - 1, ", training=training"))
    if told and any(is_layer_object(node, aliases) for node in function.body):
        raise Staying("a layer is made apart from its call")
    for made in maker.made:
        begin = module.line_start(made.lineno)
        edits.append((begin, module.line_start((made.end_lineno or made.lineno) + 1), ""))
    begin, stop = module.span(last)
    edits.append((begin, stop, f"return {module.segment(maker.outputs)}"))
    start, end = module.line_start(first.lineno), module.span(last)[1]
    text = module.text[start:end]
    for begin, stop, new in sorted(edits, reverse=True):
        text = text[: begin - start] + new + text[stop - start :]
    parameters = ast.unparse(function.args)
    if told and function.args.kwonlyargs:
        raise Staying("the function takes arguments by keyword alone")
    given = ", ".join([*maker.inputs, *([parameters] if parameters else []), *(["training=None"] if told else [])])
    return [f"def {name}({given}):", *text.split("\n")]


def is_layer_object(node: ast.stmt, aliases: Mapping[str, str]) -> bool:
    """True for a statement that names a layer without calling it."""
    value = node.value if isinstance(node, ast.Assign) else None
    symbol = symbol_of(value.func, aliases) if isinstance(value, ast.Call) else ""
    return symbol.startswith(LAYERS) and symbol not in INPUTS
