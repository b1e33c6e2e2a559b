"""A canned estimator written out: the text of its model_fn, and of the Estimator that is given it."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from migrator.plain import found, head_arguments, learned, made_heads
from migrator.plain.added import added_metrics, forwarded_features
from migrator.plain.carried import Carrier
from migrator.plain.estimators import GIVEN, MERGED, Canned
from migrator.plain.found import Site
from migrator.plain.lines import indented
from migrator.plain.made_heads import Heads, Made
from migrator.plain.networks import described_network, networks_of
from migrator.source.inventory import import_aliases
from migrator.source.syntax import every, is_none_literal

if TYPE_CHECKING:
    from jinja2 import Template

KEPT = ("model_dir", "config", "warm_start_from")  # arguments of every Estimator
# left out: `partitioner`, `input_layer_partitioner`: on one machine a variable in parts is the same variable


@dataclasses.dataclass(frozen=True)
class Written:
    """What a construction becomes.

    `functions`: the model_fn, or that of several classes and that of two where their number is known only when the
    estimator is made. `dropped`: assignments that nothing else reads any more. `lines`: where Estimators of the model
    are made; before Python 3.8 a call stands on its last line, and `add_metrics` makes another Estimator.
    `linear_weights`: those of a linear model where tf.contrib.layers names them. `respelled`: other
    expressions of the file, and the texts in their places.
    """

    functions: tuple[str, ...]
    text: tuple[str, ...]
    call: str
    dropped: tuple[ast.stmt, ...]
    lines: tuple[int, ...]
    moved: tuple[ast.FunctionDef, ...] = ()
    linear_weights: Mapping[str, str] = dataclasses.field(default_factory=dict)
    respelled: tuple[tuple[ast.expr, str], ...] = ()


def written(site: Site, others: Iterable[Written]) -> Written:
    """The construction written out, beside others of its file. Raises Staying."""
    others = list(others)
    taken = {function for one in others for function in one.functions}
    name = model_fn_name(site, taken)
    canned = found.canned_of(site)
    bound = found.arguments(site)
    dropped: list[ast.Assign] = []
    heads = made_heads.given_heads(site, bound, dropped) if canned.head == GIVEN else None
    given = heads.made[0] if heads is not None and not heads.merged else None
    tf, learner = found.library(site), found.is_learner(site.symbol)
    networks = networks_of(site, canned, bound)
    into = [a for n in networks for a in (n.columns, n.units) if a]
    words = bound.get("label_vocabulary")
    into += ["label_vocabulary"] if words is not None and not is_none_literal(words) else []
    carrier = Carrier(site, set(into))
    described = [described_network(site, carrier, tf, n, bound, len(networks), dropped) for n in networks]
    head, outputs = head_and_outputs(site, carrier, canned, bound, heads)
    into += [outputs] if outputs in bound else []
    added, forwarded = added_metrics(site), forwarded_features(site)
    dropped += dict.fromkeys(one.statement for one in (*added, *forwarded))
    context = {
        "tf": tf,
        "networks": described,
        "library": f"{tf}.contrib.learn" if learner else f"{tf}.estimator",
        "learner": learner,
        "features": '{"": features}' if learner and learned.are_bare(site) else "features",
        "counts_twice": learner and learned.counts_twice(bound, canned.networks),
        "own_columns": learner and learned.has_own_columns(site),
        "exports": found.is_exported(site),
        "metrics": [moved_name(site, one.definition, name) + one.text for one in added],
        "forwarded": [one.text for one in forwarded],
    }
    functions = functions_of(site, taken, name, head, f'params["{outputs}"]' if outputs in bound else outputs)

    def told(kind: str, count: str) -> dict[str, Any]:
        if heads is not None and heads.merged:
            return made_heads.context(site, heads, carrier.text, split=True)
        return single_head(site, carrier, kind, count, bound, given)

    texts = [
        template().render(
            context, **told(kind, count), name=function, outputs=count, title=title, params=takes(carrier, bound, into)
        )
        for function, (kind, count, title) in functions.items()
    ]
    bodies = [[line for line in text.split("\n") if line.strip()] for text in texts]
    lines = [line for n, body in enumerate(bodies) for line in (*([""] * 2 if n else ()), *body)]
    inner = [one.definition for one in added if one.definition is not None]
    lines = [*(line for one in inner for line in (*moved(site, one, name), "", "")), *lines]
    below = [one.below for one in added if one.below is not None]
    below = [one for one in dict.fromkeys(below) if not any(one in other.moved for other in others)]
    lines = [*(line for one in below for line in (*site.module.lines[one.lineno - 1 : one.end_lineno], "", "")), *lines]
    first, *second = functions
    chosen = f"{second[0]} if {site.module.segment(bound[outputs])} == 2 else {first}" if second else first
    again = dict.fromkeys(node for one in added for node in one.again)
    return Written(
        tuple(functions),
        tuple(lines),
        construction(site, carrier, tf, chosen, bound, into),
        (*dropped, *inner, *again, *below),
        lines_of(site.call, *(one.statement for one in (*added, *forwarded))),
        tuple(below),
        learned.linear_weights(site) if learner else {},
    )


def head_and_outputs(
    site: Site, carrier: Carrier, canned: Canned, bound: Mapping[str, ast.expr], heads: Heads | None
) -> tuple[str, str]:
    """The head's part of the template, and the argument that tells its outputs, or their number."""
    if heads is None:
        return head_arguments.head_of(site, canned.head, bound)
    if heads.merged:
        return MERGED, made_heads.all_outputs(site, heads, carrier.text)
    return head_arguments.outputs_of(site, heads.made[0].head, bound)


def functions_of(site: Site, taken: set[str], name: str, head: str, outputs: str) -> dict[str, tuple[str, str, str]]:
    """Each model_fn -> its head, its outputs, what it is a model of; two where the number of classes is not known."""
    if head != "either":
        return {name: (head, outputs, site.name)}
    for_two = model_fn_name(site, taken | {name}, "Binary")
    return {name: ("several", outputs, site.name), for_two: ("binary", "1", f"{site.name} for two classes")}


def lines_of(*nodes: ast.expr | ast.stmt) -> tuple[int, ...]:
    """The lines that nodes stand on."""
    return tuple(n for node in nodes for n in range(node.lineno, (node.end_lineno or node.lineno) + 1))


def single_head(
    site: Site, carrier: Carrier, kind: str, outputs: str, bound: Mapping[str, ast.expr], given: Made | None
) -> dict[str, Any]:
    """What the template is told of the head of an estimator; `given`: the head that it was given."""
    words, reduction = bound.get("label_vocabulary"), bound.get("loss_reduction")
    weights, perhaps = head_arguments.weight_key(site, carrier, bound)
    one = made_heads.description(
        kind,
        given.head if given is not None else None,
        bound,
        carrier.text,
        outputs=outputs,
        vocabulary=None if words is None or is_none_literal(words) else 'params["label_vocabulary"]',
        weights=weights,
        perhaps=perhaps,
        reduction=None if reduction is None or is_sum(site, reduction) else carrier.text(reduction),
    )
    named = {**one, "name": given.name if given is not None else ""}
    return {"heads": [named], "merged": False, "split": False, "total": "sum" if given is None else "mean"}


def moved(site: Site, definition: ast.FunctionDef, name: str) -> list[str]:
    """The lines of an inner definition at the top of the file, beside a model_fn of this name."""
    module = site.module
    indent = len(module.indent_of(definition))
    first, *rest = [line[indent:] for line in module.lines[definition.lineno - 1 : definition.end_lineno]]
    return [first.replace("def ", f"def {moved_name(site, definition, name)}", 1), *rest]


def moved_name(site: Site, definition: ast.FunctionDef | None, name: str) -> str:
    """What comes before the name of an inner function where several have it: that of the model_fn."""
    alike = [
        n for n in every(site.module.tree, ast.FunctionDef) if definition is not None and n.name == definition.name
    ]
    return f"{name}_" if len(alike) > 1 else ""


@functools.cache
def template(name: str = "model_fn.py.jinja") -> Template:
    """A template: that of the model_fns, or another."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # only programs with canned estimators pay for it

    loader = PackageLoader("migrator.plain")
    made = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return made.get_template(name)


def is_sum(site: Site, node: ast.expr) -> bool:
    """True for the reduction that the estimators have by themselves."""
    return found.symbol_of(node, import_aliases(site.module.tree)) == "tensorflow.losses.Reduction.SUM"


# ------------------------------------------------------------------------------------------------- the construction
def construction(
    site: Site, carrier: Carrier, tf: str, model_fn: str, bound: Mapping[str, ast.expr], into: list[str]
) -> str:
    """The call that takes the place of the construction, with its comments."""
    module, call = site.module, site.call
    base = len(module.indent_of(call))
    outer, inner = " " * (base + 4), " " * (base + 8)
    comments = comments_of(site)
    lines = [f"{tf}.{kind_of(site)}(", f"{outer}model_fn={model_fn},"]
    params: list[str] = []
    for argument, node in sorted(bound.items(), key=lambda item: (item[1].lineno, item[1].col_offset)):
        above = [comments.pop(line) for line in sorted(comments) if line <= node.lineno]
        if argument in KEPT:
            lines += [outer + text for text in above] + entry(site, f"{argument}=", node, len(outer))
            continue
        params += [inner + text for text in above]
        if argument in into:
            params += entry(site, f'"{argument}": ', node, len(inner))
    for key, node in carrier.given.items():
        params.append(f'{inner}"{key}": {ast.unparse(node)},')
    params += [inner + comments[line] for line in sorted(comments)]
    if takes(carrier, bound, into):
        params = [f"{outer}params={{", *params, f"{outer}}},"]
    return "\n".join([*lines, *params, f"{' ' * base})"])


def takes(carrier: Carrier, bound: Mapping[str, ast.expr], into: list[str]) -> bool:
    """Whether the model_fn needs params."""
    return bool(carrier.given) or any(name in bound for name in into)


def kind_of(site: Site) -> str:
    """The Estimator that is given the model_fn; those of contrib.learn predict one thing per example."""
    if not found.is_learner(site.symbol):
        return "estimator.Estimator"
    return f"contrib.learn.{'Classifier' if site.name.endswith('Classifier') else 'Regressor'}"


def entry(site: Site, start: str, node: ast.expr, column: int) -> list[str]:
    """An argument on lines of its own, where its first line begins at this column."""
    first, *rest = site.module.segment(node).split("\n")
    lines = [" " * column + start + first, *indented(rest, column - len(site.module.indent_of(node)))]
    return [*lines[:-1], lines[-1] + ","]


def comments_of(site: Site) -> dict[int, str]:
    """The comments between the arguments of a construction, by line; those inside an argument go with it."""
    call = site.call
    arguments = [*call.args, *(k.value for k in call.keywords)]
    inside = {n for a in arguments for n in range(a.lineno, (a.end_lineno or a.lineno)) if a.end_lineno != a.lineno}
    lines = range(call.lineno, (call.end_lineno or call.lineno))
    return {n: c[1] for n in lines if n not in inside and (c := site.module.comment(n)) is not None}


def model_fn_name(site: Site, taken: set[str], prefix: str = "") -> str:
    """A name for a model_fn that the file does not use."""
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]+", prefix + site.name)
    return found.free_name("_".join(word.lower() for word in words), taken | found.names_used(site.module.tree))
