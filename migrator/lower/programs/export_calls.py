"""Serving exports: export_savedmodel becomes an ExportArchive with the legacy signature, exporters write on the way."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis import learn
from migrator.analysis.values import Function, Mapping, Opaque, Partial, Result, Sequence, Value, options
from migrator.emit.fragments import call_text
from migrator.lower.programs import checkpoints, serving
from migrator.lower.programs.groups import EXPORTERS, given, refuse_others
from migrator.lower.programs.received_tensors import is_number, is_placeholder
from migrator.lower.reading.context import Refused
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.detect.program import Construction, Use
    from migrator.lower.programs.group import Group
    from migrator.lower.programs.groups import Render
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

RAW = "tensorflow.estimator.export.build_raw_serving_input_receiver_fn"

FORMAT = frozenset({"strip_default_attrs", "as_text"})  # how the files are written, not what they compute


def export_text(group: Group, use: Use, receiver: str, arguments: dict[str, ast.expr], render: Render) -> str:
    """The call that writes a SavedModel. Refuses receivers that cannot be followed."""

    ctx, module, call = group.ctx, use.module, use.call
    checkpoints.check_path(group, use, arguments)
    known = {"export_dir_base", "serving_input_receiver_fn", "checkpoint_path", *FORMAT}
    refuse_others(group, module, call, arguments, known)
    node = arguments.get("serving_input_receiver_fn")
    if node is None:
        raise ctx.refuse("export", call, module, "what the exported model is fed with cannot be followed")
    fed = received_text(group, module, node, render)
    shown = [receiver, render(arguments["export_dir_base"]), fed.removeprefix("lambda: ")]
    if not fed.startswith("lambda: "):
        shown[-1] = f"({fed})()" if isinstance(node, ast.Lambda) else f"{fed}()"
    shown += signature_option(group, module, call, use.estimators)
    return ctx.use(module, call_text("support.export_saved_model", shown))


def received_text(group: Group, module: Module, node: ast.expr, render: Render) -> str:
    """The function that gives a served model's receiver, as text. Refuses receivers that cannot be followed."""
    ctx = group.ctx
    value = ctx.facts.value(node)
    if raw_features(value) is not None and isinstance(value, Result):
        if value.module.path != module.path:
            raise ctx.refuse("export", node, module, "the serving receiver is made in another file")
        return f"lambda: {render(value.call.args[0])}"
    for option in options(value) if value is not None else ():
        made = option
        while isinstance(made, Partial):
            made = made.function
        if isinstance(made, Result) and made.symbol == serving.PARSING:
            continue
        if isinstance(made, Function) and (
            isinstance(made.node, ast.Lambda)
            or serving.receiver_of(ctx, made.node) is not None
            or serving.parses_examples(ctx, made.node)
        ):
            continue
        raise ctx.refuse("export", node, module, "what the exported model is fed with cannot be followed")
    if value is None or isinstance(value, Opaque):
        raise ctx.refuse("export", node, module, "what the exported model is fed with cannot be followed")
    return render(node)


def receives_texts(ctx: Context, use: Use) -> bool:
    """True where what a call exports may be fed with one tensor of texts."""
    return any(may_be_one_text(ctx, receiver) for receiver in receivers(use))


def receivers(use: Use) -> list[Value | None]:
    """The functions that give the receivers of what a call exports."""
    made = [use.result] if use.kind.startswith("export") else results_of_exporters(use)
    names = ("serving_input_receiver_fn", "serving_input_fn")
    return [next((one.bound[n] for n in names if n in one.bound), None) for one in made]


def may_be_one_text(ctx: Context, receiver: Value | None) -> bool:
    """False where a serving receiver surely has several tensors, or one of numbers."""
    for option in options(receiver) if receiver is not None else (None,):
        tensors: Value | None = raw_features(option)
        node: ast.expr | None = None
        call = serving.receiver_of(ctx, option.node) if isinstance(option, Function) else None
        if call is not None:
            arguments = dict(zip(("features", "receiver_tensors"), call.args, strict=False))
            arguments.update((k.arg, k.value) for k in call.keywords if k.arg)
            node = arguments.get("receiver_tensors")
            tensors = ctx.facts.value(node) if node is not None else None
        if node is not None and isinstance(option, Function) and are_all_numbers(ctx, option.node, node):
            continue
        several = isinstance(tensors, Mapping) and not tensors.open and len(tensors.items) > 1
        one = next(iter(tensors.items.values()), None) if isinstance(tensors, Mapping) else tensors
        if not several and not is_number(ctx, one):
            return True
    return False


def are_all_numbers(ctx: Context, function: ast.AST, node: ast.expr) -> bool:
    """True for received tensors that one comprehension makes, each a placeholder of numbers."""
    if isinstance(node, ast.Name):
        bound = [n for n in every(function, ast.Assign) if stores(n, node.id)]
        written = [n for n in every(function, ast.Name) if n.id == node.id]
        if len(bound) != 1 or sum(isinstance(n.ctx, ast.Store) for n in written) != 1:
            return False
        node = bound[0].value
    return isinstance(node, ast.DictComp) and is_number(ctx, ctx.facts.value(node.value))


def stores(statement: ast.Assign, name: str) -> bool:
    """True for an assignment to a name alone."""
    return [ast.unparse(target) for target in statement.targets] == [name]


def signature_option(group: Group, module: Module, call: ast.Call, estimators: tuple[ast.Call, ...]) -> list[str]:
    """The `signature` argument, where it is not the default. A model that serves tells its signatures itself."""
    names = {name for made in estimators for name in signature_names(group, made)}
    if not names:
        return []
    if len(names) != 1:
        raise group.ctx.refuse("export", call, module, "several signatures are exported")
    name = names.pop()
    return [] if name == "serving_default" else [f"signature={name!r}"]


def exporter_text(group: Group, module: Module, call: ast.Call, symbol: str, render: Render) -> str:
    """An exporter of train_and_evaluate in its Keras form."""

    ctx = group.ctx
    arguments = given(call, symbol)
    known = {"name", "serving_input_receiver_fn", "as_text", "exports_to_keep", "compare_fn"}
    refuse_others(group, module, call, arguments, known)
    if "serving_input_receiver_fn" not in arguments:
        raise ctx.refuse("export", call, module, "what the exported model is fed with cannot be followed")
    shown = [f"{name}={render(arguments[name])}" for name in ("compare_fn", "exports_to_keep") if name in arguments]
    if "name" in arguments:
        shown.insert(0, render(arguments["name"]))
    fed = received_text(group, module, arguments["serving_input_receiver_fn"], render)
    shown.insert(1, fed if "name" in arguments else f"serving_input_fn={fed}")
    if "exports_to_keep" not in arguments and keeps_all(call):
        shown.append("exports_to_keep=None")
    if symbol.endswith("BestExporter"):
        message = "the first evaluation of a run is exported too; the legacy exporter compared it with itself"
        ctx.note("best-exporter", "info", module, call, message)
    users = [use for use in group.uses.values() if call in exporters_of(use)]
    made = tuple(dict.fromkeys(e for use in users for e in use.estimators))
    shown += signature_option(group, module, call, made)
    return ctx.use(module, call_text(f"support.{symbol.rsplit('.', 1)[-1]}", shown))


def keeps_all(call: ast.Call) -> bool:
    """True for `exports_to_keep=None` written out."""
    return any(k.arg == "exports_to_keep" for k in call.keywords)


def exports(use: Use) -> bool:
    """True for a call that writes a SavedModel, now or after evaluations."""
    return use.kind.startswith("export") or bool(exporters_of(use))


def exports_one_of(use: Use, constructions: Iterable[Construction]) -> bool:
    """True for such a call where the model is one of several."""
    models = {node for made in constructions if made.call in use.estimators for node in made.model_fns}
    return exports(use) and len(models) > 1


def exporters_of(use: Use) -> set[ast.Call]:
    """The exporters that a train_and_evaluate call was given."""
    return {one.call for one in results_of_exporters(use)}


def results_of_exporters(use: Use) -> list[Result]:
    """The exporters that a train_and_evaluate call was given, as what their calls gave."""
    found: list[Result] = []
    todo: list[Value] = list(use.result.bound.values())
    while todo:
        value = todo.pop()
        for option in options(value):
            if isinstance(option, Sequence):
                todo += option.items
            elif isinstance(option, Result) and option.symbol in (*EXPORTERS, learn.EXPORT_STRATEGY):
                found.append(option)
            elif isinstance(option, Result) and option.symbol == "tensorflow.estimator.EvalSpec":
                todo += option.bound.values()
    return found


def exporting_text(group: Group, module: Module, evaluation: dict[str, ast.expr], steps: str, render: Render) -> str:
    """The callback that runs the exporters of an EvalSpec."""
    shown = [render(evaluation["exporters"]), *([f"max_steps={steps}"] if steps else [])]
    return group.ctx.use(module, call_text("support.ExportAfterEvaluation", shown))


def raw_features(value: Value | None) -> Mapping | None:
    """The features of a raw serving receiver, when they are a dict in sight."""
    if isinstance(value, Result) and value.symbol == RAW and value.call.args:
        features = value.bound.get("features")
        return features if isinstance(features, Mapping) and not features.open else None
    return None


def signature_names(group: Group, construction: ast.Call) -> set[str]:
    """The signature names of the models that an Estimator construction makes, but of those that tell their own."""
    found: set[str] = set()
    for node in group.constructions[construction].model_fns:
        model = group.models[node]
        if model.export_problem is not None:
            raise Refused(model.export_problem)
        found |= set() if model.serves else set(model.signatures)
    return found


def placeholder_specs(ctx: Context) -> set[ast.Call]:
    """Placeholder calls that only describe the features of a raw serving receiver."""
    found: set[ast.Call] = set()
    for value in ctx.facts.results.get(RAW, ()):
        features = raw_features(value)
        for item in features.items.values() if features is not None else ():
            if isinstance(item, Result) and is_placeholder(item):
                found.add(item.call)
    return found
