"""Expressions that move from a construction into its model_fn; what they read of the functions around goes along."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from migrator.plain.found import Site, Staying, bound_in, library, sites
from migrator.source.inventory import import_aliases
from migrator.source.names import canonical
from migrator.source.syntax import children, descendants, every

PARAMS = "params"


class Carrier:
    """Collects what the expressions of one construction need: key of `params` -> the expression there."""

    def __init__(self, site: Site, taken: set[str]) -> None:
        self.site = site
        self.local = {name for function in site.around for name in bound_in(function)}
        self.given: dict[str, ast.expr] = {}
        self.taken = taken

    def text(self, node: ast.expr) -> str:
        """The expression as the model_fn writes it."""
        own = {n.arg for n in every(node, ast.arg)}
        moved = self._moved(copy.deepcopy(node), own)
        if ast.dump(moved) != ast.dump(node) or node.end_lineno != node.lineno:
            return ast.unparse(moved)
        return self.site.module.segment(node)

    def _moved(self, node: ast.expr, own: set[str]) -> ast.expr:
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp, ast.NamedExpr)):
            raise Staying("an argument of the network is computed in a way that cannot be moved into it")
        chain = node
        while isinstance(chain, ast.Attribute):
            chain = chain.value
        if isinstance(chain, ast.Name) and isinstance(node, (ast.Name, ast.Attribute)):
            if chain.id not in self.local or chain.id in own:
                return node
            return self._imported(node, chain.id) or self._read(node)
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, field, self._moved(value, own))
            elif isinstance(value, list):
                setattr(node, field, [self._moved(v, own) if isinstance(v, ast.expr) else v for v in value])
        for keyword in getattr(node, "keywords", []):
            keyword.value = self._moved(keyword.value, own)
        return node

    def _imported(self, node: ast.expr, name: str) -> ast.expr | None:
        """What a function around imports from the library under a name, as the file itself can write it, or None."""
        holder = holder_of(self.site, name)
        imports = [*binding_imports(holder, name)]
        known = canonical(import_aliases(ast.Module([imports[0]], [])).get(name, "")) if imports else ""
        if bound_in(holder).count(name) > 1 or not known.startswith("tensorflow."):
            return None
        whole = library(self.site) + known.removeprefix("tensorflow")
        return ast.parse(whole + ast.unparse(node).removeprefix(name), mode="eval").body

    def _read(self, node: ast.expr) -> ast.expr:
        """What is read of a function around: `params["rate"]`."""
        wanted = ast.dump(node)
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        number = 2
        key = name
        while key in self.taken or key in self.given and ast.dump(self.given[key]) != wanted:
            key = f"{name}_{number}"
            number += 1
        self.given[key] = node
        return ast.Subscript(ast.Name(PARAMS, ast.Load()), ast.Constant(key), ast.Load())


def binding_imports(holder: ast.AST, name: str) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a function that bind a name."""
    imports = [n for n in descendants(holder) if isinstance(n, (ast.Import, ast.ImportFrom))]
    yield from (n for n in imports if any((a.asname or a.name).split(".")[0] == name for a in n.names))


def binding(site: Site, name: str) -> ast.Assign | None:
    """The one assignment that binds a name, in the innermost function that does or at the top of the file."""
    for holder in (*reversed(site.around), site.module.tree):
        apart = of_others(holder, name)
        bound = bound_in(holder, apart).count(name)
        if bound:
            found = [n for n in descendants(holder) if is_assignment(n, name) and n not in apart]
            once = bound == 1 and not in_loop(holder, found, site.call)
            return found[0] if once and len(found) == 1 and isinstance(found[0], ast.Assign) else None
    return None


def of_others(holder: ast.AST, name: str) -> frozenset[ast.AST]:
    """The nodes of functions inside a function or file to which a name is a variable of their own.

    None where one of them declares it global or nonlocal.
    """
    if any(name in node.names for node in descendants(holder) if isinstance(node, (ast.Global, ast.Nonlocal))):
        return frozenset()
    found: set[ast.AST] = set()
    for inner in descendants(holder):
        if inner is holder or not isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if name in bound_in(inner, of_others(inner, name)):
            body = inner.body if isinstance(inner.body, list) else [inner.body]  # its defaults are read outside of it
            found.update(node for part in (*body, *every(inner.args, ast.arg)) for node in descendants(part))
    return frozenset(found)


def is_assignment(node: ast.AST, name: str) -> bool:
    """True for `name = ...`."""
    return (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == name
    )


def in_loop(holder: ast.AST, nodes: list[ast.AST], call: ast.Call) -> bool:
    """True when one of the nodes stands in a loop, or under a condition that the call does not stand under."""
    ways = [n for n in descendants(holder) if isinstance(n, (ast.For, ast.While, ast.If, ast.Try))]
    apart = [way for way in ways if not is_main(way)]
    return any(node in descendants(way) and not is_beside(way, node, call) for way in apart for node in nodes)


def is_beside(way: ast.AST, node: ast.AST, call: ast.Call) -> bool:
    """True where the same branch of a condition holds both."""
    branches = (way.body, way.orelse) if isinstance(way, ast.If) else ()
    return any(all(any(one in descendants(s) for s in branch) for one in (node, call)) for branch in branches)


def is_main(node: ast.AST) -> bool:
    """True for `if __name__ == ...`."""
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in children(node.test))


def resolved(site: Site, node: ast.expr) -> ast.expr:
    """What a name stands for where one assignment binds it; any other expression as it is."""
    found = binding(site, node.id) if isinstance(node, ast.Name) else None
    return found.value if found is not None else node


def holder_of(site: Site, name: str) -> ast.AST:
    """The innermost function around a site that binds a name, or its file."""
    return next((f for f in reversed(site.around) if name in bound_in(f, of_others(f, name))), site.module.tree)


def reads(node: ast.AST, name: str) -> list[ast.Name]:
    """Where a name is read, but for functions inside that have a variable of that name themselves."""
    apart = of_others(node, name)
    return [n for n in every(node, ast.Name) if n.id == name and isinstance(n.ctx, ast.Load) and n not in apart]


def reads_of(site: Site, name: str) -> int:
    """How often a name is read in the function that binds it, or in the file where none does."""
    return len(reads(holder_of(site, name), name))


def given_to(site: Site, name: str) -> list[ast.Call]:
    """The constructions of canned estimators that are given a name of the function around, as often as they are."""
    holder = holder_of(site, name)
    calls = [one.call for one in sites(site.project, site.module) if one.call in descendants(holder)]
    given = [(call, value) for call in calls for value in (*call.args, *(k.value for k in call.keywords))]
    return [call for call, value in given if isinstance(value, ast.Name) and value.id == name]


def going(site: Site, node: ast.expr | None, why: str) -> list[ast.Assign]:
    """The assignment behind a name that only constructions are given: it goes with them. None for other expressions.

    Raises Staying with the reason where other code reads the name too.
    """
    assign = binding(site, node.id) if isinstance(node, ast.Name) else None
    if assign is None or not isinstance(node, ast.Name):
        return []
    if reads_of(site, node.id) != len(given_to(site, node.id)):
        raise Staying(why)
    return [assign]


def number(site: Site, node: ast.expr) -> int | None:
    """The whole number that an expression is: a literal, the name of one, or the length of a list that is written."""
    found = constant(site, node)
    if isinstance(found, ast.Call) and isinstance(found.func, ast.Name) and found.func.id == "len":
        items = constant(site, found.args[0]) if len(found.args) == 1 else None
        whole = isinstance(items, (ast.List, ast.Tuple)) and not any(isinstance(i, ast.Starred) for i in items.elts)
        return len(items.elts) if whole and isinstance(items, (ast.List, ast.Tuple)) else None
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, int) else None


def constant(site: Site, node: ast.expr) -> ast.expr:
    """What a name stands for, in this file or at the top of one that it imports; any other expression as it is."""
    found = resolved(site, node)
    if found is not node:
        return found
    holder = node.value if isinstance(node, ast.Attribute) else None
    for statement in descendants(site.module.tree):
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            continue
        for alias in statement.names:
            local = alias.asname or alias.name
            whole = isinstance(holder, ast.Name) and holder.id == local
            if not whole and not (isinstance(node, ast.Name) and node.id == local):
                continue
            name = node.attr if isinstance(node, ast.Attribute) else alias.name
            values = [top_value(site, path, name) for path in site.project.imported(statement, site.module.path)]
            known = [value for value in values if value is not None]
            return known[0] if len(known) == 1 else node
    return node


def top_value(site: Site, path: str, name: str) -> ast.expr | None:
    """What the one assignment at the top of a file gives a name."""
    module = site.project.module(path)
    if module is None or bound_in(module.tree).count(name) != 1:
        return None
    found = [n for n in module.tree.body if is_assignment(n, name)]
    return found[0].value if found and isinstance(found[0], ast.Assign) else None
