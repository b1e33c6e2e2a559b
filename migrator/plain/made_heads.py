"""The heads that a program makes: one, or several that `multi_head` merges, and what the template is told of them."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from migrator.plain import found, head_arguments
from migrator.plain.carried import Carrier, binding, going, reads_of, resolved
from migrator.plain.estimators import HEADS, MAKING, MERGED, REFUSED, Head
from migrator.plain.found import Site, Staying
from migrator.source.inventory import import_aliases
from migrator.source.syntax import is_none_literal

Text = Callable[[ast.expr], str]


@dataclasses.dataclass(frozen=True, eq=False)
class Made:
    """A head as it is made: which it is, its arguments, the name that ends its metrics', and its share of the loss."""

    head: Head
    arguments: Mapping[str, ast.expr]
    name: str
    share: ast.expr | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Heads:
    """The head of a spec, or those that are merged; `parts`: the assignments that make what is merged."""

    made: tuple[Made, ...]
    merged: bool
    parts: tuple[ast.Assign, ...] = ()


def made_heads(site: Site, node: ast.expr) -> Heads:
    """The heads that an expression makes. Raises Staying where they cannot be followed."""
    call, kind = maker(site, node)
    if kind != MERGED:
        return Heads((one_head(call, kind),), merged=False)
    bound = found.arguments_of(call, "heads, head_weights=None")
    parts: list[ast.Assign] = []
    heads = items_of(site, bound["heads"], parts)
    shares = bound.get("head_weights")
    weighed = [] if shares is None or is_none_literal(shares) else items_of(site, shares, parts)
    if not heads:
        raise Staying("no heads are merged")
    if weighed and len(weighed) != len(heads):
        raise Staying("`head_weights` are not as many as the heads")
    made: list[Made] = []
    for index, item in enumerate(heads):
        followed(site, item, parts)
        one = one_head(*maker(site, item))
        if not one.name:
            raise Staying("a head that is merged has no name")
        made.append(dataclasses.replace(one, share=weighed[index] if weighed else None))
    if len({prefix(one) for one in made}) < len(made):
        raise Staying("two of the merged heads have one name")
    return Heads(tuple(made), merged=True, parts=tuple(parts))


def given_heads(site: Site, bound: dict[str, ast.expr], dropped: list[ast.Assign]) -> Heads:
    """The heads that an estimator is given; the arguments of a single one join those that are bound. Raises Staying."""
    node = bound.pop("head")
    heads = made_heads(site, node)
    dropped += [*going(site, node, "argument `head`: other code reads the head too"), *heads.parts]
    if not heads.merged:
        bound.update(heads.made[0].arguments)
    return heads


def maker(site: Site, node: ast.expr) -> tuple[ast.Call, str]:
    """The call that makes a head, and the head's name in the library."""
    made = resolved(site, node)
    kind = found.symbol_of(made.func, import_aliases(site.module.tree)) if isinstance(made, ast.Call) else ""
    name = kind.removeprefix(MAKING)
    if not isinstance(made, ast.Call) or not (name in HEADS or name == MERGED):
        raise Staying("argument `head`: which head it is cannot be followed")
    return made, name


def one_head(call: ast.Call, kind: str) -> Made:
    """A head that is not merged of others."""
    if kind not in HEADS:
        raise Staying("merged heads are merged again")
    arguments = found.arguments_of(call, HEADS[kind].signature)
    refused = next((a for a in REFUSED if a in arguments and not is_none_literal(arguments[a])), None)
    if refused is not None:
        raise Staying(f"argument `{refused}` of the head is not covered yet")
    given = arguments.get("name")
    if given is None or is_none_literal(given):
        return Made(HEADS[kind], arguments, "")
    text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
    if not re.fullmatch(r"[\w./-]+", text):
        raise Staying("argument `name` of the head: it is not written where the head is made")
    return Made(HEADS[kind], arguments, text)


def items_of(site: Site, node: ast.expr, parts: list[ast.Assign]) -> list[ast.expr]:
    """What a list or tuple holds, written where it is given or under a name that nothing else reads."""
    followed(site, node, parts)
    items = resolved(site, node)
    if not isinstance(items, (ast.List, ast.Tuple)) or any(isinstance(i, ast.Starred) for i in items.elts):
        raise Staying("which heads are merged cannot be followed")
    return items.elts


def followed(site: Site, node: ast.expr, parts: list[ast.Assign]) -> None:
    """Notes the assignment behind a name that is read but here. Raises Staying where other code reads it."""
    if not isinstance(node, ast.Name):
        return
    assign = binding(site, node.id)
    if assign is None or reads_of(site, node.id) > 1:
        raise Staying("other code reads the head too")
    parts.append(assign)


def prefix(made: Made) -> str:
    """What begins the names of a merged head's values."""
    return re.sub(r"\W", "_", made.name) + "_"


def outputs_of(site: Site, made: Made, text: Text) -> str:
    """The number of a head's outputs, as text."""
    outputs = head_arguments.outputs_of(site, made.head, made.arguments)[1]
    return text(made.arguments[outputs]) if outputs in made.arguments else outputs


def all_outputs(site: Site, heads: Heads, text: Text) -> str:
    """The number of the outputs of one head, or of several together, as text."""
    outputs = [outputs_of(site, made, text) for made in heads.made]
    if all(one.isdigit() for one in outputs):
        return str(sum(map(int, outputs)))
    return " + ".join(outputs)


def context(site: Site, heads: Heads, text: Text, split: bool) -> dict[str, Any]:
    """What the template is told of heads; `split`: the logits of merged ones are one tensor."""
    described = []
    for made in heads.made:
        weights, perhaps = head_arguments.weight_key(site, Carrier(site, set()), made.arguments)
        if perhaps:
            raise Staying("argument `weight_column`: whether there is one is not known")
        words, reduction = made.arguments.get("label_vocabulary"), made.arguments.get("loss_reduction")
        one = description(
            head_arguments.outputs_of(site, made.head, made.arguments)[0],
            made.head,
            made.arguments,
            text,
            outputs=outputs_of(site, made, text),
            vocabulary=None if words is None or is_none_literal(words) else text(words),
            weights=weights,
            reduction=None if reduction is None else text(reduction),
        )
        shared = {"name": made.name, "share": None if made.share is None else text(made.share)}
        described.append({**one, **shared, "p": prefix(made) if heads.merged else ""})
    return {"heads": described, "merged": heads.merged, "split": split, "total": "mean"}


def description(
    kind: str,
    head: Head | None,
    arguments: Mapping[str, ast.expr],
    text: Text,
    *,
    outputs: str,
    vocabulary: str | None,
    weights: str | None,
    reduction: str | None,
    perhaps: bool = False,
) -> dict[str, Any]:
    """What the template is told of a head; `head`: that of contrib, if it is one."""
    link = head.link if head is not None else ""
    return {
        "p": "",
        "name": "",
        "share": None,
        "head": kind,
        "predicted": (*PREDICTED[kind], "logits") if link else PREDICTED[kind],
        "outputs": outputs,
        "vocabulary": vocabulary,
        "weights": weights,
        "weighs_perhaps": perhaps,
        "thresholds": head_arguments.thresholds_of(arguments),
        "link": link,
        "example": head.loss if head is not None else "",
        "full": text(arguments["compute_full_loss"]) if "compute_full_loss" in arguments else None,
        "reduction": reduction,
    }


CLASSES = ("probabilities", "class_ids", "classes", "all_class_ids", "all_classes")
PREDICTED = {  # by head
    "regressor": ("predictions",),
    "labels": ("logits", "probabilities"),
    "binary": ("logits", "logistic", *CLASSES),
    "several": ("logits", *CLASSES),
}
