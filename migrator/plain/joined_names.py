"""What the attributes and names of methods are called in the one body that they are joined into."""

from __future__ import annotations

import ast

from migrator.plain.methods import Call, Together, names_of, own_attribute, read_outside
from migrator.source.syntax import descendants, every


class Names:
    """What attributes and names of the methods are called in the one body."""

    def __init__(self, one: Together) -> None:
        self.together = one
        self.outside = read_outside(one.module, one.methods)
        bound = [names_of(one.model_fn), *(names_of(call.method) - self.handed(call) for call in one.calls)]
        self.kept = self.as_they_are()
        self.attributes: dict[str, str] = {}
        taken = self.outside.union(*bound)
        for attr in sorted(one.attributes):
            name = attr.lstrip("_") or attr
            if attr in self.kept:
                name = attr
            elif name in taken or not name.isidentifier():
                name = next(
                    n for n in (f"model_{name}", *(f"model_{name}_{k}" for k in range(2, 99))) if n not in taken
                )
            self.attributes[attr] = name
            taken.add(name)
        self.taken = taken
        self.used = set(self.attributes.values()) | names_of(one.model_fn)
        self.renames: dict[ast.FunctionDef, dict[str, str]] = {one.model_fn: {}}

    def handed(self, call: Call) -> set[str]:
        """The arguments of a method that are attributes of the same name, and stay so."""
        around = {id(n): method for method in self.together.methods for n in descendants(method)}
        named = {n for n, g in call.arguments.items() if id(g) in around and own_attribute(g, around[id(g)]) == n}
        return (named & self.together.attributes) - rebound(call.method)

    def as_they_are(self) -> set[str]:
        """The attributes that only ever hold the argument of the model_fn with their name."""
        one, found = self.together, set()
        arguments = {a.arg for a in one.model_fn.args.args}
        for attr in one.attributes & arguments:
            assigned = [
                n
                for method in one.methods
                for n in descendants(method)
                if own_attribute(n, method) == attr and not isinstance(getattr(n, "ctx", None), ast.Load)
            ]
            copies = [s for s in one.model_fn.body if is_copy(s, one.model_fn, attr)]
            others = any(attr in names_of(call.method) for call in one.calls)
            if len(assigned) == len(copies) == 1 and attr not in rebound(one.model_fn) and not others:
                found.add(attr)
        return found

    def of(self, method: ast.FunctionDef) -> dict[str, str]:
        """The new names of a method's own names."""
        return self.renames.get(method, {})

    def enter(self, call: Call, caller: ast.FunctionDef) -> dict[str, str]:
        """The new names of the method that is called: its own, but where they are others' already."""
        method, found, handed = call.method, {}, self.handed(call)
        for name in sorted(names_of(method)):
            given = call.arguments.get(name)
            passed = isinstance(given, ast.Name) and self.of(caller).get(given.id, given.id) == name
            same = passed and name not in rebound(method)
            if name in self.used and not same and not (name in handed and self.attributes[name] == name):
                wanted = (f"{method.name.strip('_')}_{name}", *(f"{name}_{k}" for k in range(2, 99)))
                found[name] = next(n for n in wanted if n not in self.taken)
            self.used.add(found.get(name, name))
            self.taken.add(found.get(name, name))
        self.renames[method] = found
        return found


def rebound(method: ast.FunctionDef) -> set[str]:
    """The names that a function binds by a statement."""
    return {n.id for n in every(method, ast.Name) if not isinstance(n.ctx, ast.Load)}


def is_copy(statement: ast.stmt, method: ast.FunctionDef, attr: str) -> bool:
    """True for `self.x = x`."""
    return (
        isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and own_attribute(statement.targets[0], method) == attr
        and isinstance(statement.value, ast.Name)
        and statement.value.id == attr
    )
