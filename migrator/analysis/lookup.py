"""What a name or attribute stands for: locals, closures, modules, library symbols, objects."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import pathlib
from typing import TYPE_CHECKING

from migrator.analysis import six_names
from migrator.analysis.rebinding import bound_by, rebound_names
from migrator.analysis.signatures import CONSTANTS
from migrator.analysis.soundness import active
from migrator.analysis.values import (
    ClassRef,
    Const,
    Function,
    Instance,
    Member,
    ModuleRef,
    Opaque,
    Result,
    Scope,
    Stage,
    Symbol,
    Value,
    join_all,
    options,
    same,
)
from migrator.source.names import canonical

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation

SHAPES = frozenset({"shape", "get_shape", "dense_shape", "ndims", "dtype"})  # known when a model is traced


def name(ev: Evaluation, identifier: str, scope: Scope) -> Value:
    """The value of a name: innermost scope that binds it, then builtins."""
    home = scope.outer_names.get(identifier)
    if home is not None and identifier in home.names:
        return home.names[identifier]
    current: Scope | None = scope
    while current is not None:
        if identifier in current.rebound and current is not scope and not ev.module_level:
            return current.rebound[identifier]
        if identifier in current.names:
            return current.names[identifier]
        current = current.parent
    if hasattr(builtins, identifier):
        return Symbol(f"builtins.{identifier}")
    return Opaque(Stage.STATIC, f"`{identifier}` is not defined in what was read")


def is_rebound(ev: Evaluation, identifier: str, scope: Scope) -> bool:
    """Whether a name of a module, read in a function, has stood for different things while the program ran."""
    top: Scope | None = scope
    while top is not None and identifier not in top.names:
        top = top.parent
    if top is None or top is scope or ev.module_level or identifier not in top.rebound:
        return False
    return not same(top.rebound[identifier], top.names[identifier])


def module_scope(ev: Evaluation, path: str) -> Scope | None:
    """The names of a project file after its top level ran; None when it does not parse."""
    if path in ev.modules:
        return ev.modules[path]
    module = ev.project.module(path)
    if module is None:
        return None
    scope = ev.modules[path] = Scope(module, {})
    ev.module_level += 1
    frame, weak = ev.frame, ev.weak
    ev.frame, ev.weak = None, 0
    # definitions first: a circular import, or a call at the top, may need one that comes later in the text
    for node in module.tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bind_import(ev, node, scope)
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            scope.names[node.name] = Function(node, scope, {})
    again = rebound_names(module.tree) if active("rebinding") else frozenset()
    for node in module.tree.body:
        if is_main_guard(node):
            continue
        if not ev.block([node], scope):
            break
        for identifier in again & bound_by(node) & scope.names.keys() if again else ():
            value = ev.bound_at_top.setdefault(node, {})[identifier] = scope.names[identifier]
            known = scope.rebound.get(identifier, value)
            scope.rebound[identifier] = join_all([known, value])
    ev.frame, ev.weak = frame, weak
    ev.module_level -= 1
    return scope


def is_main_guard(node: ast.stmt) -> bool:
    """True for `if __name__ == '__main__':` and for bare calls at the top level: analysis runs no program."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
        return isinstance(node.test.left, ast.Name) and node.test.left.id == "__name__"
    return isinstance(node, (ast.Expr, ast.For, ast.While, ast.With))


def bind_import(ev: Evaluation, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    """Bind what an import statement binds."""
    importer = scope.module.path
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                scope.names[alias.asname] = imported(ev, alias.name, importer)
            else:
                head = alias.name.split(".")[0]
                scope.names[head] = imported(ev, head, importer)
        return
    for alias in node.names:
        if alias.name == "*":
            star_import(ev, node, scope)
            continue
        scope.names[alias.asname or alias.name] = imported_from(ev, node, alias.name, importer)


def imported(ev: Evaluation, dotted: str, importer: str) -> Value:
    """The value of `import dotted as x`."""
    path = ev.project.find(dotted, importer)
    if path is not None:
        return ModuleRef(path)
    folder = ev.project.is_package(dotted, importer)
    if folder is not None and dotted.split(".")[0] not in ("tensorflow", "keras"):
        return ModuleRef(folder, folder=True)
    return symbol(dotted)


def imported_from(ev: Evaluation, node: ast.ImportFrom, attr: str, importer: str) -> Value:
    """The value that `from module import attr` binds."""
    module = node.module or ""
    if node.level:
        base = ev.project.relative(node, importer)
        if module:
            path = ev.project.submodule(base, module)
            if path is None:
                base = f"{base}/{module.replace('.', '/')}" if base else module.replace(".", "/")
                return submodule_or_unknown(ev, base, attr)
            return attribute(ev, ModuleRef(path), attr, None)
        init = f"{base}/__init__.py" if base else "__init__.py"
        if init in ev.project.sources and init != importer:
            found = attribute(ev, ModuleRef(init), attr, None)
            if not isinstance(found, Opaque):
                return found
        return submodule_or_unknown(ev, base, attr)
    base_value = imported(ev, module, importer)
    return attribute(ev, base_value, attr, None)


def submodule_or_unknown(ev: Evaluation, base: str, attr: str) -> Value:
    """The submodule `attr` of a package folder."""
    path = ev.project.submodule(base, attr)
    return ModuleRef(path) if path is not None else Opaque(Stage.STATIC, f"`{attr}` is not in the files read")


def star_import(ev: Evaluation, node: ast.ImportFrom, scope: Scope) -> None:
    """`from module import *`: the public names of a project file; a library's star import binds nothing known."""
    path = (
        ev.project.submodule(ev.project.relative(node, scope.module.path), node.module or "")
        if node.level
        else ev.project.find(node.module or "", scope.module.path)
    )
    source = module_scope(ev, path) if path else None
    if source is not None:
        scope.names.update({k: v for k, v in source.names.items() if not k.startswith("_")})


def symbol(dotted: str) -> Value:
    """A library name; names with a known constant value are that constant."""
    if dotted.startswith("six."):
        return six_names.value(dotted)
    known = canonical(dotted)
    if known in CONSTANTS:
        return Const(CONSTANTS[known])
    moved = dotted.startswith("tensorflow.contrib.data.") and known.startswith("tensorflow.data.")
    return Symbol(known, private=moved or (".python." in dotted and ".python." not in known))


def attribute(ev: Evaluation, base: Value, attr: str, node: ast.Attribute | None) -> Value:
    """The value of `base.attr`."""
    match base:
        case Symbol():
            inner = symbol(f"{base.name}.{attr}")
            return dataclasses.replace(inner, private=True) if base.private and isinstance(inner, Symbol) else inner
        case ModuleRef():
            return module_attribute(ev, base, attr)
        case Instance():
            return instance_attribute(ev, base, attr)
        case ClassRef():
            found = class_member(base, attr)
            if isinstance(found, Function) and "classmethod" in decorator_names(found.node):
                return Function(found.node, found.scope, found.defaults, base, found.owner)
            return found if found is not None else external_member(base, attr)
        case Result() | Opaque():
            if attr in SHAPES and attr != "get_shape" and base.stage is Stage.CALL:
                return Opaque(Stage.SHAPE, mode=base.mode)
            return Member(base, attr, mode=base.mode)
    if len(options(base)) > 1:
        return join_all([attribute(ev, option, attr, node) for option in options(base)])
    return Member(base, attr, mode=base.mode)


def module_attribute(ev: Evaluation, base: ModuleRef, attr: str) -> Value:
    """A name of a project module, or a submodule of a package."""
    if not base.folder:
        scope = module_scope(ev, base.path)
        if scope is not None and attr in scope.names:
            return scope.names[attr]
    folder = base.path if base.folder else str(pathlib.PurePosixPath(base.path).parent)
    if base.folder or base.path.endswith("__init__.py"):
        return submodule_or_unknown(ev, "" if folder == "." else folder, attr)
    return Opaque(Stage.STATIC, f"`{attr}` is not defined in {base.path}")


def instance_attribute(ev: Evaluation, base: Instance, attr: str) -> Value:
    """An attribute or bound method of an object; properties are evaluated."""
    if attr in base.attrs:
        return base.attrs[attr]
    if attr == "__dict__":
        return Member(base, attr)
    if attr in STEP_METHODS and optimizer_base(base.cls):
        return Member(base, attr)
    member = class_member(base.cls, attr)
    if isinstance(member, Function):
        kinds = decorator_names(member.node)
        if "staticmethod" in kinds:
            return member
        if "classmethod" in kinds:
            return Function(member.node, member.scope, member.defaults, base.cls, member.owner)
        bound = Function(member.node, member.scope, member.defaults, base, member.owner)
        if "property" in kinds:
            return ev.call_function(bound, None, [], {})
        return bound
    if member is not None:
        return member
    if base.open or any(isinstance(b, (Symbol, Opaque)) for b in base.cls.bases):
        return Member(Opaque(Stage.STATIC), attr)
    return Opaque(Stage.STATIC, f"`{base.cls.node.name}` has no attribute `{attr}`")


def decorator_names(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The plain names that decorate a definition."""
    return {d.id for d in getattr(node, "decorator_list", ()) if isinstance(d, ast.Name)}


def as_function(value: Value) -> Value:
    """The method that runs when an object is called; any other value as it is."""
    method = class_member(value.cls, "__call__") if isinstance(value, Instance) else None
    if not isinstance(method, Function):
        return value
    return Function(method.node, method.scope, method.defaults, value, method.owner)


def class_member(ref: ClassRef, attr: str) -> Value | None:
    """A member found in the class or the project classes above it."""
    if attr in ref.members:
        return ref.members[attr]
    for base in ref.bases:
        if isinstance(base, ClassRef):
            found = class_member(base, attr)
            if found is not None:
                return found
    return None


KERAS_CLASSES = {
    "tensorflow.keras.Model": "keras.Model",
    "tensorflow.keras.models.Model": "keras.Model",
    "tensorflow.keras.layers.Layer": "keras.layers.Layer",
}


def keras_base(ref: ClassRef) -> str:
    """What a class that is itself a Keras model or layer derives from today; "" for other classes."""
    found = [KERAS_CLASSES.get(base.name, "") for base in ref.bases if isinstance(base, Symbol)]
    return found[0] if len(ref.bases) == len(found) == 1 else ""


def plain_base(base: Value) -> bool:
    """True for `object`, and for `abc.ABC`: a subclass that has objects behaves as without it."""
    return isinstance(base, Symbol) and base.name in ("builtins.object", "abc.ABC")


OPTIMIZER_BASES = frozenset({"tensorflow.train.Optimizer"})
STEP_METHODS = frozenset({"apply_gradients", "compute_gradients", "minimize"})


def optimizer_base(ref: ClassRef) -> bool:
    """True for a class of the program's own that derives from tf.train.Optimizer."""
    if any(isinstance(base, Symbol) and base.name in OPTIMIZER_BASES for base in ref.bases):
        return True
    return any(isinstance(base, ClassRef) and optimizer_base(base) for base in ref.bases)


def calling_method(ref: ClassRef) -> Value | None:
    """The method that runs when an object of the class is called: of a Keras class, `call`."""
    found = class_member(ref, "__call__")
    return class_member(ref, "call") if found is None and keras_base(ref) else found


def external_member(ref: ClassRef, attr: str) -> Value:
    """A member that only a library base can have."""
    for base in ref.bases:
        if isinstance(base, Symbol):
            return Symbol(f"{base.name}.{attr}")
    return Opaque(Stage.STATIC, f"`{ref.node.name}` has no member `{attr}`")
