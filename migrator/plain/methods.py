"""The methods that do a model_fn's work bit by bit and hand on through `self`: which of them can be joined."""

from __future__ import annotations

import ast
import builtins
import dataclasses
from collections.abc import Iterator, Sequence

from migrator.plain.found import Staying, bound_in, is_alone
from migrator.source.inventory import import_aliases
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import children, descendants, every

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
HANDED = (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)


@dataclasses.dataclass(frozen=True, eq=False)
class Call:
    """A statement that calls a method of the same object: `self.m(...)`, `x = self.m(...)` or `return self.m(...)`."""

    statement: ast.Expr | ast.Assign | ast.Return
    call: ast.Call
    method: ast.FunctionDef
    arguments: dict[str, ast.expr]


@dataclasses.dataclass(frozen=True, eq=False)
class Together:
    """A model_fn that is a method, the calls that are joined into it, and the attributes that become names of it."""

    module: Module
    holder: ast.ClassDef
    model_fn: ast.FunctionDef
    calls: tuple[Call, ...]
    attributes: frozenset[str]

    @property
    def methods(self) -> tuple[ast.FunctionDef, ...]:
        """The model_fn and the methods that are joined into it."""
        return self.model_fn, *(call.method for call in self.calls)


def together(project: Project, module: Module) -> Iterator[Together]:
    """The model_fns of a file that hand on what they make through `self`, where that can be written in one body."""
    if "EstimatorSpec" not in module.text or "(self" not in module.text:
        return
    for holder in module.tree.body:
        if isinstance(holder, ast.ClassDef):
            methods = methods_of(holder)
            for method in methods.values():
                if is_model_fn(method):
                    try:
                        found = of_method(project, module, holder, method, methods)
                    except Staying:
                        continue  # the analysis says what it cannot follow
                    if found is not None:
                        yield found


def methods_of(holder: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """The undecorated methods of a class that are defined once."""
    defined = [n for n in holder.body if isinstance(n, ast.FunctionDef)]
    names = [n.name for n in defined]
    return {n.name: n for n in defined if names.count(n.name) == 1 and not n.decorator_list and n.args.args}


def is_model_fn(method: ast.FunctionDef) -> bool:
    """True for a method with features and mode that returns a spec."""
    names = {argument.arg for argument in method.args.args}
    if not {"features", "mode"} <= names:
        return False
    calls = list(every(method, ast.Call))
    return any(ast.unparse(call.func).endswith("EstimatorSpec") for call in calls)


def of_method(
    project: Project,
    module: Module,
    holder: ast.ClassDef,
    model_fn: ast.FunctionDef,
    methods: dict[str, ast.FunctionDef],
) -> Together | None:
    """What of a class belongs together; None where nothing is handed on. Raises Staying."""
    calls = tuple(calls_of(module, model_fn, methods, (model_fn.name,)))
    parts = (model_fn, *(call.method for call in calls))
    stored = {attr for part in parts for attr in stores(part)}
    if not stored or not calls:
        return None
    if any(not (isinstance(base, ast.Name) and base.id == "object") for base in holder.bases) or holder.keywords:
        raise Staying("its class derives from another")
    check_class(holder, parts, stored)
    check_project(project, module, holder, parts, stored)
    return Together(module, holder, model_fn, calls, frozenset(stored))


def calls_of(
    module: Module, method: ast.FunctionDef, methods: dict[str, ast.FunctionDef], around: tuple[str, ...]
) -> Iterator[Call]:
    """The statements of a method that call others which store something, and those of these, as they run.

    Raises Staying where such a call stands inside of an expression or calls in a circle.
    """
    for statement in statements(method):
        value = getattr(statement, "value", None)
        for node in own_nodes(statement):
            name = own_attribute(node.func, method) if isinstance(node, ast.Call) else None
            if name not in methods or not isinstance(node, ast.Call):
                continue
            if not storing(methods[name], methods, {name}):
                continue
            if name in around:
                raise Staying("methods call each other in a circle")
            if not (isinstance(statement, (ast.Expr, ast.Assign, ast.Return)) and value is node):
                raise Staying("a method that keeps something is called inside of an expression")
            if not is_alone(module, statement):
                raise Staying("it shares a line with other code")
            check_body(methods[name], statement)
            yield Call(statement, node, methods[name], bound(node, methods[name]))
            yield from calls_of(module, methods[name], methods, (*around, name))


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a function, in their order, but none of functions and classes inside of it."""
    for child in children(node):
        if isinstance(child, ast.stmt):
            yield child
        if not isinstance(child, SCOPES):
            yield from statements(child)


def own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """What belongs to a statement itself: nothing of the statements inside of it."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        stack += [child for child in children(node) if not isinstance(child, ast.stmt) or child is statement]


def own_attribute(node: ast.AST, method: ast.FunctionDef) -> str | None:
    """The name of an attribute of the method's own object."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == method.args.args[0].arg else None
    return None


def stores(method: ast.FunctionDef) -> set[str]:
    """The attributes of its object that a method stores."""
    found = {own_attribute(n, method) for n in every(method, ast.Attribute) if not isinstance(n.ctx, ast.Load)}
    return {attr for attr in found if attr is not None}


def storing(method: ast.FunctionDef, methods: dict[str, ast.FunctionDef], seen: set[str]) -> bool:
    """Whether a method, or one that it calls, stores an attribute."""
    if stores(method):
        return True
    called = {own_attribute(n.func, method) for n in every(method, ast.Call)}
    return any(storing(methods[n], methods, seen | {n}) for n in called if n is not None and n in methods.keys() - seen)


def bound(call: ast.Call, method: ast.FunctionDef) -> dict[str, ast.expr]:
    """The arguments of a call by name, defaults included. Raises Staying."""
    given = method.args
    if given.vararg or given.kwarg or given.posonlyargs or given.kwonlyargs:
        raise Staying("a method takes arguments in a way that is not followed")
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        raise Staying("arguments passed with * or ** cannot be told apart")
    names = [argument.arg for argument in given.args[1:]]
    found: dict[str, ast.expr] = dict(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
    if any(not isinstance(default, ast.Constant) for default in given.defaults):
        raise Staying("a default is made where the method is defined")
    found |= dict(zip(names, call.args, strict=False))
    found |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if len(call.args) > len(names) or set(found) != set(names):
        raise Staying("a method is called with other arguments than it has")
    return {name: found[name] for name in names}


def check_body(method: ast.FunctionDef, statement: ast.stmt) -> None:
    """Raises Staying for a method whose body cannot stand in the place of a call."""
    inner = list(own_scope(method))
    if any(isinstance(n, HANDED) for n in inner):
        raise Staying("a method hands over more than a value")
    returns = [n for n in inner if isinstance(n, ast.Return)]
    if isinstance(statement, ast.Return):
        return  # whatever it returns is returned there
    if any(one is not method.body[-1] for one in returns):
        raise Staying("a method returns early")
    if isinstance(statement, ast.Assign) and (not returns or returns[0].value is None):
        raise Staying("a method returns nothing that could be kept")


def own_scope(method: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function but those of the scopes inside of it."""
    for child in children(method):
        yield child
        if not isinstance(child, SCOPES):
            yield from own_scope(child)


def check_class(holder: ast.ClassDef, parts: Sequence[ast.FunctionDef], stored: set[str]) -> None:
    """Raises Staying where other code of the class has to do with what the methods keep."""
    names = [part.name for part in parts]
    if len(set(names)) != len(names):
        raise Staying("a method is called twice")
    for method in (n for n in holder.body if n not in parts):
        mentioned = {n.attr for n in every(method, ast.Attribute)}
        if mentioned & (stored | set(names[1:])):
            raise Staying("another method has to do with it")
    for part in parts:
        own = part.args.args[0].arg
        whole = [n for n in every(part, ast.Name) if n.id == own]
        through = [n for n in descendants(part) if own_attribute(n, part) is not None]
        if len(whole) != len(through):
            raise Staying("the object itself is handed on")
        for scope in (n for n in descendants(part) if isinstance(n, SCOPES) and n is not part):
            if any(isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load) for n in descendants(scope)):
                raise Staying("a function inside of a method stores an attribute")
        for text in (n for n in every(part, ast.JoinedStr)):
            if any(every(text, ast.Name)):
                raise Staying("a name stands in an f-string")
        if any(isinstance(n, (ast.Delete, ast.Import, ast.ImportFrom, ast.ExceptHandler)) for n in descendants(part)):
            raise Staying("a statement binds or deletes names in a way that is not followed")


def check_project(
    project: Project, module: Module, holder: ast.ClassDef, parts: Sequence[ast.FunctionDef], stored: set[str]
) -> None:
    """Raises Staying where code of other places may read what the methods keep, call or override them."""
    inner = stored | {part.name for part in parts[1:]}
    for path, text in project.sources.items():
        other = project.module(path) if holder.name in text else None
        if other is None:
            continue
        if any(
            isinstance(n, ast.ClassDef) and any(holder.name in ast.unparse(base) for base in n.bases)
            for n in descendants(other.tree)
        ):
            raise Staying("another class derives from it")
        if is_handed_on(other, holder, inner) and any(reads_inner(other, holder, inner, module)):
            raise Staying("another place may read what the object keeps")


def is_handed_on(other: Module, holder: ast.ClassDef, inner: set[str]) -> bool:
    """Whether objects of a class are more in a file than what `x = Class(...)` makes, and `x.model_fn` is read of."""
    plain = {
        id(n.value.func): n.targets[0].id
        for n in every(other.tree, ast.Assign)
        if isinstance(n.value, ast.Call) and isinstance(n.targets[0], ast.Name)
    }
    attributes = {id(n.value): n.attr for n in every(other.tree, ast.Attribute)}
    called = {id(n.func): id(n) for n in every(other.tree, ast.Call)}
    names: set[str] = set()
    for node in descendants(other.tree):
        spelled = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
        if spelled != holder.name:
            continue
        attr = attributes.get(called.get(id(node), 0))  # Class(...).model_fn
        if id(node) in plain:
            names.add(plain[id(node)])
        elif attr is None or attr in inner:
            return True
    reads = [n for n in every(other.tree, ast.Name) if n.id in names]
    return any(isinstance(n.ctx, ast.Load) and attributes.get(id(n), "") in inner | {""} for n in reads)


def reads_inner(other: Module, holder: ast.ClassDef, inner: set[str], module: Module) -> Iterator[bool]:
    """True for each place outside of a class that reads an attribute of its, whatever the object is."""
    aliases = import_aliases(other.tree)
    own = descendants(holder) if other is module else ()
    for node in descendants(other.tree):
        if isinstance(node, ast.Attribute) and node.attr in inner and node not in own:
            receiver = node.value
            yield not (isinstance(receiver, ast.Name) and (receiver.id in aliases or receiver.id == "self"))


def names_of(method: ast.FunctionDef) -> set[str]:
    """The names that a method binds, its object's aside; not those of functions inside of it."""
    own = [n for n in own_scope(method) if not isinstance(n, ast.arg) or n in method.args.args]
    found = {n.id for n in own if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    found |= {n.arg for n in own if isinstance(n, ast.arg)} | {n.arg for n in method.args.args}
    found |= {n.name for n in own if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    return found - {method.args.args[0].arg}


def read_outside(module: Module, parts: Sequence[ast.FunctionDef]) -> set[str]:
    """The names that methods read without binding them: those of the file, and of Python."""
    read = {n.id for part in parts for n in every(part, ast.Name)}
    return (read | set(dir(builtins))) - {name for part in parts for name in bound_in(part)}
