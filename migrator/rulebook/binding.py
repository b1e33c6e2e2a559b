"""Binds the arguments of a legacy call to the names of the legacy signature, or says why it cannot."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Container, Iterable, Mapping, Sequence

from migrator.rulebook.model import Rule


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why a call is not converted, in words for a person."""

    reason: str


@dataclasses.dataclass(frozen=True)
class Parameters:
    """A legacy signature: positional names in order, keyword-only names, and defaults by name."""

    positional: tuple[str, ...]
    keyword_only: tuple[str, ...]
    defaults: Mapping[str, ast.expr]

    @property
    def names(self) -> tuple[str, ...]:
        """Every parameter, in order."""
        return self.positional + self.keyword_only


@functools.cache
def parameters(signature: str) -> Parameters:
    """The parameters of a signature written as Python. Raises SyntaxError for one that is not."""
    arguments = ast.parse(f"def legacy({signature}): pass", mode="exec").body[0].args  # type: ignore[attr-defined]
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    keyword_only = [a.arg for a in arguments.kwonlyargs]
    first = len(positional) - len(arguments.defaults)
    defaults = dict(zip(positional[first:], arguments.defaults, strict=True))
    defaults.update((k, d) for k, d in zip(keyword_only, arguments.kw_defaults, strict=True) if d is not None)
    return Parameters(tuple(positional), tuple(keyword_only), defaults)


def default_source(rule: Rule, name: str) -> str | None:
    """The legacy default of an argument as source text; None when the argument is required."""
    default = parameters(rule.signature or "").defaults.get(name)
    return None if default is None else ast.unparse(default)


def bind(rule: Rule, call: ast.Call, handles: Container[str] = ()) -> dict[str, ast.expr] | Refusal:
    """Legacy argument -> expression for a call of the rule's symbol, in the order written, aliases resolved.

    Refused are star arguments, names and counts that the signature does not know, and arguments that the rule
    refuses, unless they repeat the legacy default. Refused too is what the caller does not say it `handles`:
    "choose" (another target than the rule's, see `target_of`), "then" (a function of the layer's result) and "or"
    (an argument's alternative source). So a caller that knows less than the rules cannot go silently wrong.
    """
    return bind_arguments(rule, call.args, [(k.arg, k.value) for k in call.keywords], handles)


def bind_arguments(
    rule: Rule,
    positional: Sequence[ast.expr],
    keywords: Iterable[tuple[str | None, ast.expr]],
    handles: Container[str] = (),
) -> dict[str, ast.expr] | Refusal:
    """`bind` for arguments that are already apart; a keyword of None stands for `**`."""
    if rule.signature is None:
        return Refusal(f"rule {rule.id} knows no signature")
    known = parameters(rule.signature)
    if any(isinstance(value, ast.Starred) for value in positional):
        return Refusal("arguments passed with * cannot be told apart")
    if len(positional) > len(known.positional):
        return Refusal(f"{len(positional)} positional arguments, the legacy symbol takes {len(known.positional)}")
    bound: dict[str, ast.expr] = {}
    pairs: list[tuple[str | None, ast.expr]] = list(zip(known.positional, positional, strict=False))
    for name, value in (*pairs, *keywords):
        if name is None:
            return Refusal("arguments passed with ** cannot be told apart")
        if name not in known.names:
            return Refusal(f"argument `{name}` is not one of the legacy symbol's")
        means = rule.aliases.get(name, name)
        if means != name and isinstance(value, ast.Constant) and value.value is None:
            continue
        if means in bound:
            return Refusal(f"argument `{name}` is given twice")
        bound[means] = value
    missing = next((n for n in known.names if n not in known.defaults and n not in bound), None)
    if missing is not None:
        return Refusal(f"required argument `{missing}` is missing")
    return _refused(rule, bound, known) or _unhandled(rule, bound, known, handles) or bound


def target_of(rule: Rule, bound: Mapping[str, ast.expr]) -> str | Refusal:
    """The target of a bound call: the rule's own, or the one that the literal value of `choose_by` chooses."""
    if rule.choose_by is None:
        return rule.target or Refusal(f"rule {rule.id} has no target")
    value = bound.get(rule.choose_by) or parameters(rule.signature or "").defaults[rule.choose_by]
    chosen = rule.choose.get(ast.unparse(value), rule.choose.get("*")) if _is_literal(value) else None
    return chosen or Refusal(f"argument `{rule.choose_by}` must be one of {', '.join(rule.choose)}")


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return isinstance(node, ast.Constant)


def _refused(rule: Rule, bound: Mapping[str, ast.expr], known: Parameters) -> Refusal | None:
    for name, reason in rule.refuse.items():
        if name in bound and not _same(bound[name], known.defaults.get(name)):
            return Refusal(f"argument `{name}`: {reason}")
    return None


def _unhandled(rule: Rule, bound: Mapping[str, ast.expr], known: Parameters, handles: Container[str]) -> Refusal | None:
    after = bound.get(rule.then or "")
    if "then" not in handles and after is not None and not _same(after, known.defaults.get(rule.then or "")):
        return Refusal(f"argument `{rule.then}`: a function of the result is not covered here")
    if "choose" not in handles and rule.choose_by in bound and target_of(rule, bound) != rule.target:
        return Refusal(f"argument `{rule.choose_by}`: this value is not covered here")
    taken = next((a.alternative for a in rule.args if a.alternative in bound), None)
    return Refusal(f"argument `{taken}` is not covered here") if taken and "or" not in handles else None


def _same(value: ast.expr, default: ast.expr | None) -> bool:
    return default is not None and ast.dump(value) == ast.dump(default)
