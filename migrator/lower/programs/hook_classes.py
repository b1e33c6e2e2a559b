"""Hook classes of the program's own: a SessionRunHook that watches the steps of a training is a Keras callback.

What a hook fetches has no counterpart, but for the global step; one that asks for more refuses.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from migrator.analysis.signatures import GLOBAL_STEPS
from migrator.analysis.values import ClassRef, Instance, Result, Sequence, Symbol, Value, options
from migrator.emit.fragments import Renderer
from migrator.emit.layout import fit
from migrator.lower.bodies import rendering
from migrator.lower.library import rewriting
from migrator.lower.programs.groups import given
from migrator.lower.reading import symbols
from migrator.lower.spec.hooks import hooks_in, only_reports
from migrator.lower.spec.watching import HOOKS, is_self
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.detect.program import Use
    from migrator.lower.programs.group import Group
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

FETCHES = frozenset({"tensorflow.train.SessionRunArgs", "tensorflow.estimator.SessionRunArgs"})
METHODS = {
    "begin": "on_train_begin(self, logs=None)",
    "after_create_session": "on_train_begin(self, logs=None)",
    "before_run": "on_train_batch_begin(self, batch, logs=None)",
    "after_run": "on_train_batch_end(self, batch, logs=None)",
    "end": "on_train_end(self, logs=None)",
}
STARTS = ("begin", "after_create_session")  # in the order in which a session calls them
STEP = "int(self.model.optimizer.iterations)"
TAKEN = frozenset({"model", "_model", "params", "validation_data", "set_model", "set_params"})


def is_hook(value: Value | None) -> bool:
    """True for an object of a hook class of the program's own."""
    found = options(value) if value is not None else ()
    return bool(found) and all(isinstance(o, Instance) and is_hook_class(o.cls) for o in found)


def is_hook_class(cls: ClassRef) -> bool:
    """True for a class that derives from SessionRunHook alone."""
    return len(cls.bases) == 1 and isinstance(cls.bases[0], Symbol) and cls.bases[0].name in HOOKS


def classes(group: Group) -> Iterator[ClassRef]:
    """The hook classes whose objects the trainings of a group are given."""
    seen: set[ast.AST] = set()
    for use in group.uses.values():
        training = training_of(use)
        hooks = training.bound.get("hooks") if training is not None else None
        if training is None or hooks is None or goes_as_a_whole(group, training, hooks):
            continue
        for option in options(hooks):
            for item in option.items if isinstance(option, Sequence) else ():
                for value in options(item):
                    if isinstance(value, Instance) and is_hook_class(value.cls) and value.cls.node not in seen:
                        seen.add(value.cls.node)
                        yield value.cls


def training_of(use: Use) -> Result | None:
    """The call that is given the hooks of a training: `train`, or the TrainSpec of one with evaluations in between."""
    spec = use.result.bound.get("train_spec") if use.kind == "train_and_evaluate" else None
    return use.result if use.kind == "train" else spec if isinstance(spec, Result) else None


def goes_as_a_whole(group: Group, training: Result, hooks: Value) -> bool:
    """True for a list made elsewhere that is dropped: it may hold hooks of the library, and all of them only report."""
    written = given(training.call, training.symbol).get("hooks")
    found = hooks_in(hooks)
    if isinstance(written, (ast.List, ast.Tuple)) or found is None:
        return False
    return not all(is_hook(hook) for hook in found) and all(only_reports(group.ctx, hook) for hook in found)


# ------------------------------------------------------------------------------------------------------------ text
def class_text(ctx: Context, cls: ClassRef) -> list[str]:
    """The callback class that a hook class becomes."""
    return Writer(ctx, cls).lines()


class Writer:
    """Writes one hook class anew."""

    def __init__(self, ctx: Context, cls: ClassRef) -> None:
        self.ctx, self.node, self.module = ctx, cls.node, cls.scope.module
        self.tensors: set[str] = set()  # attributes that hold the global step
        self.fetches = False  # before_run asks for the global step
        self.handed: set[str] = set()  # parameters of the method that is being written
        self.renderer = Renderer(self.module, self.rewrite)

    def refuse(self, node: ast.AST, why: str) -> NoReturn:
        raise self.ctx.refuse("hook-class", node, self.module, why)

    def lines(self) -> list[str]:
        """The class, member by member."""
        node, module = self.node, self.module
        if node.decorator_list or node.keywords:
            self.refuse(node, "its class is not made by its bases alone")
        for inner in descendants(node):
            if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and is_self(inner.value):
                if inner.attr in TAKEN or inner.attr.startswith("on_"):
                    self.refuse(inner, f"its attribute `{inner.attr}` is one of every callback")
        base = self.ctx.use(module, "keras.callbacks.Callback")
        lines = [f"class {node.name}({base}):"]
        last = node.bases[0].end_lineno or node.lineno
        for member in sorted(node.body, key=lambda m: m.lineno):
            written = self.method(member) if isinstance(member, ast.FunctionDef) else self.statement(member)
            if written:
                decorators = getattr(member, "decorator_list", [])
                above = between(module, last, decorators[0].lineno if decorators else member.lineno)
                lines += [*(rendering.compact(above) if len(lines) == 1 else above), *written]
            last = member.end_lineno or member.lineno
        message = (
            "the hook is a callback now; TensorFlow 1 left open whether a step is read before or after it is counted, "
            "here it is after"
        )
        self.ctx.note("hook-class", "warning", module, node, message)
        self.ctx.lower_level("review")
        return lines if len(lines) > 1 else [*lines, "    pass"]

    def method(self, node: ast.FunctionDef) -> list[str]:
        """One method; empty for one that has nothing left to do."""
        indent = self.module.indent_of(node)
        if node.name not in METHODS:
            self.handed = set()
            body = self.statements(node, node.body)
            if node.name == "__init__" and not any(calls_super(s) for s in node.body):
                at = len(self.statements(node, node.body[:1])) if ast.get_docstring(node) is not None else 0
                body.insert(at, f"{self.module.indent_of(node.body[0])}super().__init__()")
            start, _ = self.module.span(node)
            first, _ = self.module.span(node.body[0])
            head = self.module.text[start:first].rstrip()
            above = [f"{indent}@{self.module.segment(d)}" for d in node.decorator_list]
            return [*above, *f"{indent}{head[head.index('def ') :]}".split("\n"), *body]
        parts = self.starts() if node.name in STARTS else [node]
        if node is not parts[0]:
            return []  # what a session calls second goes into the method of what it calls first
        bodies = [self.body(part) for part in parts]
        code = [body for body in bodies if any(line.strip() and not line.lstrip().startswith("#") for line in body)]
        return [f"{indent}def {METHODS[node.name]}:", *(line for body in code for line in body)] if code else []

    def starts(self) -> list[ast.FunctionDef]:
        """The methods that a session calls at the start, in that order; one method of a callback does what they do."""
        found = [n for n in self.node.body if isinstance(n, ast.FunctionDef) and n.name in STARTS]
        found.sort(key=lambda method: STARTS.index(method.name))
        for method in found[:-1]:
            if any(statement is not method.body[-1] for statement in every(method, ast.Return)):
                self.refuse(method, "it returns from the first of two methods that begin a session")
        return found

    def body(self, node: ast.FunctionDef) -> list[str]:
        """The lines of a method that a session calls, without what only served the session."""
        arguments = node.args
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or node.decorator_list:
            self.refuse(node, f"the parameters of `{node.name}` cannot be followed")
        self.handed = {a.arg for a in arguments.args[1:]}
        return self.statements(node, [s for s in node.body if not self.goes(node, s)])

    def goes(self, method: ast.FunctionDef, statement: ast.stmt) -> bool:
        """True for a statement that only served the session."""
        if isinstance(statement, ast.Delete):
            return all(isinstance(t, ast.Name) and t.id in self.handed for t in statement.targets)
        if isinstance(statement, ast.Return):
            if statement is not method.body[-1] or statement.value is None:
                return statement is method.body[-1]
            if method.name == "before_run" and self.asks_step(statement.value):
                self.fetches = True
                return True
            return isinstance(statement.value, ast.Constant) and statement.value.value is None
        if isinstance(statement, ast.Assign) and self.is_step(statement.value):
            attributes = [t for t in statement.targets if isinstance(t, ast.Attribute) and is_self(t.value)]
            if method.name in STARTS and len(attributes) == len(statement.targets):
                self.tensors |= {t.attr for t in attributes}
                return True
        return calls_super(statement)

    def asks_step(self, node: ast.expr) -> bool:
        """True for `tf.train.SessionRunArgs(global_step)`."""
        if not isinstance(node, ast.Call) or symbols.called_symbol(self.ctx, node) not in FETCHES:
            return False
        given = [*node.args, *(k.value for k in node.keywords if k.arg == "fetches")]
        return len(given) == 1 and len(node.args) + len(node.keywords) == 1 and self.is_step(given[0])

    def is_step(self, node: ast.expr) -> bool:
        """True for the global step, or the attribute that was given it."""
        if isinstance(node, ast.Attribute) and is_self(node.value):
            return node.attr in self.tensors
        return isinstance(node, ast.Call) and symbols.called_symbol(self.ctx, node) in GLOBAL_STEPS

    def statements(self, method: ast.FunctionDef, kept: list[ast.stmt]) -> list[str]:
        """Statements of a method with the comments above them."""
        lines: list[str] = []
        last = max((a.end_lineno or 0 for a in method.args.args), default=method.lineno)
        for statement in method.body:
            if statement in kept:
                lines += [*between(self.module, last, statement.lineno), *self.statement(statement)]
            last = statement.end_lineno or statement.lineno
        return rendering.compact(lines)

    def statement(self, node: ast.stmt) -> list[str]:
        """One statement in Keras terms."""
        indent = self.module.indent_of(node)
        text = self.renderer.inside(node)
        for inner in descendants(node):
            if isinstance(inner, ast.Attribute) and is_self(inner.value) and inner.attr in self.tensors:
                self.refuse(inner, "the global step is read as a tensor")
        return (indent + text).split("\n") if "\n" in text else fit(indent + text)

    def rewrite(self, node: ast.AST) -> str | None:
        """Expressions: the step, the end of the training, names of the library; what else a session gives refuses."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.handed:
            if node.attr == "results" and self.fetches:
                return STEP
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "request_stop":
            if isinstance(node.func.value, ast.Name) and node.func.value.id in self.handed:
                return "self.model.stop_training = True"
        if isinstance(node, ast.Name) and node.id in self.handed:
            self.refuse(node, "it asks the session for more than the global step")
        if isinstance(node, ast.Call):
            symbol = symbols.called_symbol(self.ctx, node)
            if symbol is not None and not symbol.startswith("builtins."):
                return rewriting.rewrite_call(self.ctx, self.module, node, symbol, self.renderer.expression)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            symbol = symbols.symbol_of(self.ctx, node)
            if symbol is not None:
                return rewriting.rewrite_reference(self.ctx, self.module, node, symbol)
        return None


def calls_super(statement: ast.stmt) -> bool:
    """True for `super(...).begin()` and the like; SessionRunHook does nothing there."""
    text = ast.unparse(statement) if isinstance(statement, ast.Expr) else ""
    return re.match(r"super\([^()]*\)\.\w+\(.*\)$", text) is not None


def between(module: Module, last: int, first: int) -> list[str]:
    """Blank lines and comments between two lines of the source."""
    found = [line.rstrip() for line in module.text.split("\n")[last : first - 1]]
    return [line for line in found if not line.strip() or line.lstrip().startswith("#")]
