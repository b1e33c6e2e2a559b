"""Optimizer classes of the program's own: `apply_gradients` over variables becomes `build` and `update_step`."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.lookup import class_member, optimizer_base
from migrator.analysis.values import ClassRef, Function, Result, Symbol, options
from migrator.emit.fragments import Renderer
from migrator.emit.layout import fit
from migrator.lower.bodies import rendering
from migrator.lower.library import rewriting
from migrator.lower.reading import symbols
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

RATES = frozenset({"learning_rate", "lr"})
KEPT = frozenset({"__init__", "apply_gradients"})
OF_KERAS = frozenset(
    {"weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "iterations", "loss_scale_factor", "built"}
    | {"gradient_accumulation_steps", "variables", "name", "ema_momentum", "ema_overwrite_frequency", "name_of"}
)
OVERRIDES = frozenset({"minimize", "compute_gradients", "get_slot", "get_slot_names", "variables", "get_name"})


@dataclasses.dataclass(frozen=True, eq=False)
class Parts:
    """What `apply_gradients` consists of."""

    grad: str
    param: str
    slots: tuple[tuple[str, str, ast.stmt], ...]  # local name, slot name, the statement that makes it
    body: tuple[ast.stmt, ...]  # what computes the new values
    assigned: dict[ast.stmt, tuple[tuple[ast.expr, ast.expr], ...]]  # a statement -> (variable, new value)
    rates: frozenset[str]  # attributes that hold the learning rate
    rate_parameter: str
    names: bool  # a variable is treated by its name


def classes_of(ctx: Context) -> list[ClassRef]:
    """The optimizer classes of the program's own that a unit constructs."""
    found: dict[ast.AST, ClassRef] = {}
    for call in ctx.facts.callees:
        found |= {cls.node: cls for cls in constructed(ctx, call)}
    return list(found.values())


def constructed(ctx: Context, call: ast.Call) -> list[ClassRef]:
    """The optimizer classes of the program's own that a call may construct."""
    called = [option for callee in ctx.facts.callees.get(call, []) for option in options(callee)]
    return [option for option in called if isinstance(option, ClassRef) and optimizer_base(option)]


def asks_names(ctx: Context) -> bool:
    """True when an optimizer of the program's own treats variables by their names."""
    known: bool | None = ctx.__dict__.get("_asks_names")
    if known is None:
        known = any(taken_apart(ctx, cls.scope.module, cls).names for cls in classes_of(ctx))
        ctx.__dict__["_asks_names"] = known
    return known


def class_text(ctx: Context, cls: ClassRef) -> list[str]:
    """The Keras optimizer that a class becomes. Raises Refused where its step cannot be followed."""
    module = cls.scope.module
    parts = taken_apart(ctx, module, cls)
    node = cls.node
    rewrite = rewriter(ctx, module, parts)
    renderer = Renderer(module, rewrite)
    indent = module.indent_of(node.body[0]) or "    "
    base = ctx.use(module, "support.NamingOptimizer" if parts.names else "keras.optimizers.Optimizer")
    lines = [f"class {node.name}({base}):"]
    at = node.lineno + 1
    for statement in node.body:
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
        lines += module.text.split("\n")[at - 1 : first - 1] if first > at else []
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            lines += constructor(ctx, module, statement, parts, renderer, indent)
        elif isinstance(statement, ast.FunctionDef) and statement.name == "apply_gradients":
            lines += [*build_lines(parts, indent), "", *update_lines(ctx, module, statement, parts, renderer, indent)]
        else:
            start, _ = module.span(statement)
            head = module.text[module.line_start(module.line_of(start)) : start]
            lines += (head + renderer.inside(statement)).split("\n")
        at = (statement.end_lineno or statement.lineno) + 1
    return lines


def taken_apart(ctx: Context, module: Module, cls: ClassRef) -> Parts:
    """The parts of a class of the form that BERT's optimizer has."""
    init, apply = class_member(cls, "__init__"), class_member(cls, "apply_gradients")

    def refuse(node: ast.AST, message: str) -> Exception:
        return ctx.refuse("optimizer-class", node, module, message)

    if len(cls.bases) != 1 or not isinstance(cls.bases[0], Symbol):
        raise refuse(cls.node, "the optimizer class has other bases than tf.train.Optimizer")
    if not isinstance(init, Function) or not isinstance(apply, Function) or not isinstance(apply.node, ast.FunctionDef):
        raise refuse(cls.node, "the optimizer class does not make its own step in apply_gradients")
    methods = {m for m in cls.members if isinstance(m, str)} - KEPT
    for name in sorted(methods):
        if name in OVERRIDES or name.startswith(("_apply", "_resource", "_create_slots", "_prepare", "_finish")):
            raise refuse(cls.node, f"the optimizer class overrides `{name}`")
    for node in descendants(cls.node):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in OF_KERAS:
            raise refuse(node, f"`{node.attr}` means something else in an optimizer of Keras")
    rates = held_rates(init)
    if len(rates) != 1:
        raise refuse(init.node, "the learning rate that the optimizer keeps cannot be followed")
    parameter, attributes = next(iter(rates.items()))
    names = [p.arg for p in apply.node.args.args]
    loops = [s for s in apply.node.body if isinstance(s, ast.For)]
    if len(loops) != 1 or len(names) < 2 or not is_name(loops[0].iter, names[1]) or loops[0].orelse:
        raise refuse(apply.node, "apply_gradients is not one loop over the gradients")
    loop = loops[0]
    target = loop.target
    pair = target.elts if isinstance(target, ast.Tuple) else []
    if len(pair) != 2 or not all(isinstance(t, ast.Name) for t in pair):
        raise refuse(loop, "apply_gradients is not one loop over pairs")
    grad, param = (t.id for t in pair if isinstance(t, ast.Name))
    for node in descendants(loop):
        if isinstance(node, ast.Name) and node.id in names[2:3]:
            raise refuse(node, "apply_gradients reads the global step")
    collected = check_around(ctx, module, apply.node, loop)
    slots: list[tuple[str, str, ast.stmt]] = []
    body: list[ast.stmt] = []
    assigned: dict[ast.stmt, tuple[tuple[ast.expr, ast.expr], ...]] = {}
    for statement in loop.body:
        if skips(statement, {grad, param}):
            continue
        made = slot(ctx, statement)
        if made is not None:
            slots.append((*made, statement))
            continue
        body.append(statement)
        pairs = assignments(ctx, statement, collected)
        if pairs:
            assigned[statement] = pairs
    for statement in body:
        if statement in assigned:
            continue
        for node in descendants(statement):
            if isinstance(node, (ast.Continue, ast.Break, ast.Return)):
                raise refuse(statement, "the loop over the gradients is left early")
            if isinstance(node, ast.Call) and (is_assign(ctx, node) or makes_variable(ctx, node)):
                raise refuse(node, "a variable is made or assigned where it cannot be followed")
            if isinstance(node, ast.Name) and node.id in collected:
                raise refuse(node, "the assignments are used otherwise")
    done: set[str] = set()
    for pairs in assigned.values():
        for variable, value in pairs:
            if {n.id for n in (value, *descendants(value)) if isinstance(n, ast.Name)} & done:
                raise refuse(value, "a new value is computed from a variable that was assigned already")
            done |= {n.id for n in (variable, *descendants(variable)) if isinstance(n, ast.Name)}
    if not any(is_name(variable, param) for pairs in assigned.values() for variable, _ in pairs):
        raise refuse(loop, "the loop over the gradients does not assign the variables")
    whole = (*descendants(cls.node),)
    names_used = any(isinstance(n, ast.Attribute) and n.attr == "name" and is_name(n.value, param) for n in whole)
    return Parts(grad, param, tuple(slots), tuple(body), assigned, frozenset(attributes), parameter, names_used)


def held_rates(init: Function) -> dict[str, set[str]]:
    """Parameter of the constructor that is the learning rate -> the attributes that hold it."""
    found: dict[str, set[str]] = {}
    arguments = init.node.args
    parameters = {p.arg for p in (*arguments.args, *arguments.kwonlyargs)} & RATES
    for node in descendants(init.node):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in parameters:
            for target in node.targets:
                if isinstance(target, ast.Attribute) and is_name(target.value, "self"):
                    found.setdefault(node.value.id, set()).add(target.attr)
    return found


def check_around(ctx: Context, module: Module, apply: ast.FunctionDef, loop: ast.For) -> set[str]:
    """The lists that collect assignments; what else stands around the loop refuses."""
    collected: set[str] = set()
    for statement in apply.body:
        if statement is loop or isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.List) and not statement.value.elts:
            collected |= {t.id for t in statement.targets if isinstance(t, ast.Name)}
            continue
        if isinstance(statement, ast.Return):
            call = statement.value
            value = ctx.facts.value(call) if call is not None else None
            if isinstance(value, Result) and value.symbol == "tensorflow.group" and isinstance(call, ast.Call):
                given = [a.value if isinstance(a, ast.Starred) else a for a in call.args]
                if all(isinstance(a, ast.Name) and a.id in collected for a in given):
                    continue
        raise ctx.refuse("optimizer-class", statement, module, "apply_gradients does more than a loop over gradients")
    return collected


def skips(statement: ast.stmt, names: set[str]) -> bool:
    """True for `if grad is None or param is None: continue`: Keras leaves such variables out itself."""
    if not isinstance(statement, ast.If) or statement.orelse or len(statement.body) != 1:
        return False
    parts = statement.test.values if isinstance(statement.test, ast.BoolOp) else [statement.test]
    tests = all(
        isinstance(p, ast.Compare)
        and isinstance(p.ops[0], ast.Is)
        and isinstance(p.left, ast.Name)
        and p.left.id in names
        and isinstance(p.comparators[0], ast.Constant)
        and p.comparators[0].value is None
        for p in parts
    )
    return tests and isinstance(statement.body[0], ast.Continue)


def slot(ctx: Context, statement: ast.stmt) -> tuple[str, str] | None:
    """(local name, slot name) of `m = tf.get_variable(name=... + "/adam_m", ...)` that begins at zero."""
    call = statement.value if isinstance(statement, ast.Assign) else None
    if not isinstance(call, ast.Call) or not makes_variable(ctx, call) or not isinstance(statement, ast.Assign):
        return None
    given = {k.arg: k.value for k in call.keywords}
    name = given.get("name", call.args[0] if call.args else None)
    initializer = ctx.facts.value(given["initializer"]) if "initializer" in given else None
    made = options(initializer) if initializer is not None else ()
    zeros = any("zeros" in getattr(o, "symbol", getattr(o, "name", "")) for o in made)
    trainable = given.get("trainable")
    untrained = isinstance(trainable, ast.Constant) and trainable.value is False
    suffix = name.right if isinstance(name, ast.BinOp) and isinstance(name.op, ast.Add) else None
    target = statement.targets[0]
    if not (zeros and untrained and len(statement.targets) == 1 and isinstance(target, ast.Name)):
        return None
    text = suffix.value if isinstance(suffix, ast.Constant) and isinstance(suffix.value, str) else target.id
    return target.id, text.rsplit("/", 1)[-1]


def makes_variable(ctx: Context, call: ast.Call) -> bool:
    """True for tf.get_variable and tf.Variable."""
    return symbols.called_symbol(ctx, call) in ("tensorflow.get_variable", "tensorflow.Variable")


def is_assign(ctx: Context, call: ast.Call) -> bool:
    """True for `variable.assign(value)` and its like."""
    named = isinstance(call.func, ast.Attribute) and call.func.attr in ("assign", "assign_add", "assign_sub")
    return named or (symbols.called_symbol(ctx, call) or "").startswith("tensorflow.assign")


def assignments(ctx: Context, statement: ast.stmt, collected: set[str]) -> tuple[tuple[ast.expr, ast.expr], ...]:
    """The pairs of `assignments.extend([param.assign(next_param), ...])`; empty for other statements."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or len(call.args) != 1:
        return ()
    if call.func.attr not in ("extend", "append") or not any(is_name(call.func.value, name) for name in collected):
        return ()
    given = call.args[0]
    items = given.elts if call.func.attr == "extend" and isinstance(given, (ast.List, ast.Tuple)) else [given]
    found: list[tuple[ast.expr, ast.expr]] = []
    for item in items:
        if not isinstance(item, ast.Call) or not isinstance(item.func, ast.Attribute) or item.keywords:
            return ()
        if item.func.attr == "assign" and len(item.args) == 1:
            found.append((item.func.value, item.args[0]))
        elif symbols.called_symbol(ctx, item) == "tensorflow.assign" and len(item.args) == 2:
            found.append((item.args[0], item.args[1]))
        else:
            return ()
    return tuple(found)


def is_name(node: ast.expr, name: str) -> bool:
    """True for the name itself."""
    return isinstance(node, ast.Name) and node.id == name


# ------------------------------------------------------------------------------------------------------------ text
def rewriter(ctx: Context, module: Module, parts: Parts) -> Callable[[ast.AST], str | None]:
    """Expressions of the class: the rate is a parameter of the step, names are those of TensorFlow 1."""
    render: Callable[[ast.AST], str]

    def rewrite(node: ast.AST) -> str | None:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            if is_name(node.value, "self") and node.attr in parts.rates:
                return "learning_rate"
            if node.attr == "name" and is_name(node.value, parts.param):
                return f"self.name_of({parts.param})"
        if isinstance(node, ast.Call):
            symbol = symbols.called_symbol(ctx, node)
            if symbol is not None and not symbol.startswith("builtins."):
                return rewriting.rewrite_call(ctx, module, node, symbol, render)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            symbol = symbols.symbol_of(ctx, node)
            if symbol is not None:
                return rewriting.rewrite_reference(ctx, module, node, symbol)
        return None

    render = Renderer(module, rewrite).expression
    return rewrite


def constructor(
    ctx: Context, module: Module, node: ast.FunctionDef, parts: Parts, renderer: Renderer, indent: str
) -> list[str]:
    """`__init__`, which hands the rate, the name and what is left to Keras."""
    start, _ = module.span(node)
    first, _ = module.span(node.body[0])
    head = module.text[start:first]
    close = head.rindex(")")
    head = f"{head[:close].rstrip().rstrip(',')}, **kwargs{head[close:]}"
    lines = (indent + head.rstrip()).split("\n")
    named = any(p.arg == "name" for p in node.args.args)
    inner = module.indent_of(node.body[0])
    for statement in node.body:
        if is_super(statement):
            shown = [f"learning_rate={parts.rate_parameter}", *(["name=name"] if named else []), "**kwargs"]
            lines.append(f"{inner}super().__init__({', '.join(shown)})")
        elif not keeps_rate(statement, parts):
            lines += (inner + renderer.inside(statement)).split("\n")
    if not any(is_super(s) for s in node.body):
        raise ctx.refuse("optimizer-class", node, module, "the constructor does not call that of tf.train.Optimizer")
    return lines


def is_super(statement: ast.stmt) -> bool:
    """True for `super(...).__init__(...)`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and ast.unparse(call.func).startswith("super(")
        and (isinstance(call.func, ast.Attribute) and call.func.attr == "__init__")
    )


def keeps_rate(statement: ast.stmt, parts: Parts) -> bool:
    """True for `self.learning_rate = learning_rate`, which Keras does."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Attribute) and is_name(target.value, "self") and target.attr in parts.rates


def build_lines(parts: Parts, indent: str) -> list[str]:
    """`build`: the slots of every variable."""
    step = indent
    lines = [
        f"{indent}def build(self, variables):",
        f"{indent}{step}if self.built:",
        f"{indent}{step}{step}return",
        f"{indent}{step}super().build(variables)",
    ]
    for _, name, _ in parts.slots:
        made = f"[self.add_variable_from_reference(v, {name!r}) for v in variables]"
        lines += fit(f"{indent}{step}self.{name} = {made}")
    return lines


def update_lines(
    ctx: Context, module: Module, node: ast.FunctionDef, parts: Parts, renderer: Renderer, indent: str
) -> list[str]:
    """`update_step`: what the loop did for one variable."""
    inner = indent + indent
    lines = [f"{indent}def update_step(self, {parts.grad}, {parts.param}, learning_rate):"]
    texts = module.text.split("\n")
    for name, slot_name, _ in parts.slots:
        lines.append(f"{inner}{name} = self.{slot_name}[self._get_variable_index({parts.param})]")
    if parts.slots:
        lines.append("")
    last = max((s.end_lineno or 0 for _, _, s in parts.slots), default=0)
    for statement in parts.body:
        above: list[str] = []
        at = statement.lineno - 1
        while at > last and (texts[at - 1].lstrip().startswith("#") or not texts[at - 1].strip()):
            above.insert(0, texts[at - 1].strip())
            at -= 1
        lines += [inner + line if line else "" for line in above]
        last = statement.end_lineno or statement.lineno
        if statement in parts.assigned:
            for variable, value in parts.assigned[statement]:
                lines += fit(f"{inner}self.assign({renderer.expression(variable)}, {renderer.expression(value)})")
            continue
        shift = len(inner) - len(module.indent_of(statement))
        text = renderer.inside(statement, shift)
        lines += fit(inner + text) if "\n" not in text else (inner + text).split("\n")
    return rendering.compact(lines)
