"""Random model_fn programs: deterministic by category and seed, printed as ordinary source text.

A category names the construct that a program must contain. `supported` categories count towards the cap on refusals;
programs of `hostile` ones may always be refused.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from typing import Any

from . import grammar_helpers, hostile_snippets
from .grammar import SETTINGS, Env, Maker, indent
from .grammar_helpers import function, lambda_helper, shared
from .grammar_statements import STATEMENTS, block
from .grammar_tails import KEYS, tail

BASE = {"layer": 4.0, "size": 0.7, "side": 0.6}
SUPPORTED: Mapping[str, dict[str, float]] = {
    "straight": {"side": 2.0},
    "augmented": {"size": 4.0, "loop_range": 1.0},
    "loops": {"loop_range": 2.0, "loop_list": 2.0, "residual": 1.0},
    "flags": {"branch_flag": 2.5},
    "modes": {"branch_mode": 2.5, "rate_by_mode": 1.5, "calm": 0.5},
    "helpers": {},
    "closures": {},
    "functions": {"builders": 1.5},
    "classes": {},
    "containers": {"table": 1.5, "size_list": 1.5, "builders": 0.5},
    "scopes": {"scope": 3.0},
    "reuse": {"scope": 0.3},
    "rebinding": {"rebind": 2.0, "pair": 1.0},
    "comprehensions": {"towers": 2.5},
    "order": {"order": 2.5, "pair": 1.0},
    "raw": {"raw": 2.0, "shape_stage": 1.5},
    "mixed": dict.fromkeys(STATEMENTS, 1.0),
}
HOSTILE = hostile_snippets.NAMES
CATEGORIES = (*SUPPORTED, *(f"hostile-{name}" for name in HOSTILE))


@dataclasses.dataclass(frozen=True, eq=False)
class Program:
    """One generated program. `settings`: the parameter dicts it is to be run with."""

    category: str
    seed: int
    text: str
    settings: tuple[Mapping[str, Any], ...] = SETTINGS

    @property
    def supported(self) -> bool:
        return self.category in SUPPORTED


def generate(category: str, seed: int, size: int = 3) -> Program:
    """The program of this category and seed; `size` is about the number of statements of the forward pass."""
    rng = random.Random(f"{category}/{seed}/{size}")
    features = SUPPORTED.get(category, {"loop_range": 0.5, "branch_flag": 0.3})
    maker = Maker(rng, {**BASE, **features}, size)
    kinds = _kinds(maker, category)
    body: list[str] = []
    env = _prologue(maker, body)
    uses = _helpers(maker, env, kinds, body)
    steps = max(1, size - len(uses) // 2)
    focus = [name for name in features if name in STATEMENTS and name not in ("side", "size", "layer")]
    chunks = [block(maker, env, 1) for _ in range(steps)] if not uses else []
    if focus:
        name = rng.choice(focus)
        chunks.append(STATEMENTS[name](maker, env) or block(maker, env, 1))
    for use in uses:
        chunks.append(use())
        if maker.chance(0.6):
            chunks.append(block(maker, env, 1))
    if category.startswith("hostile-"):
        hostile_module, hostile_body = hostile_snippets.snippet(category.removeprefix("hostile-"), maker, env)
        maker.module += hostile_module
        chunks.append(hostile_body)
    chunks.append(block(maker, env, 1))
    for chunk in chunks:
        body += chunk
    body.append(f"logits = tf.layers.dense({env.main}, params['classes'])")
    if maker.chance(0.3):
        body[-1] = f"logits = tf.layers.dense({env.main}, params['classes'], name='logits')"
    body += tail(maker, {"train": env.training[0]} if env.training and env.training[0].isidentifier() else {})
    return Program(category, seed, _print(maker, body))


def _kinds(maker: Maker, category: str) -> list[str]:
    """Which helpers the program defines."""
    forced = {
        "helpers": ["function", "function"],
        "closures": ["closure", maker.pick(("lambda", "closure"))],
        "functions": [maker.pick(("function", "lambda", "closure")), maker.pick(("applying", "maker"))],
        "classes": ["class"],
        "containers": [maker.pick(("function", "lambda"))],
        "reuse": ["shared"],
    }.get(category, [])
    if category == "mixed":
        options = ("function", "closure", "lambda", "applying", "maker", "class", "shared")
        forced = [maker.pick(options) for _ in range(maker.rng.randint(1, 2))]
    elif not forced and maker.chance(0.25):
        forced = ["function"]
    return forced


def _prologue(maker: Maker, body: list[str]) -> Env:
    """The names at the head of the model_fn."""
    main = maker.pick(("x", "h", "net", "hidden"))
    maker.name("params"), maker.name("labels"), maker.name("mode"), maker.name(main)
    env = Env(main, maker.fresh(), params="params", mode="mode", rates=["params['drop']", "0.25"])
    if maker.chance(0.7):
        name = maker.pick(("training", "is_training"))
        test = maker.pick((f"mode == {KEYS}.TRAIN", f"(mode == {KEYS}.TRAIN)", f"{KEYS}.TRAIN == mode"))
        body.append(f"{name} = {test}")
        env.training = [name]
    if maker.chance(0.15):
        body.insert(0, '"""Docstring of the model_fn."""')
    source = "features['x']"
    if maker.chance(0.2):
        layer = "tf.layers.conv1d(features['seq'], 4, 3, padding='same', activation=tf.nn.relu)"
        source = f"tf.reduce_mean({layer}, axis=1)"
    body.append(f"{main} = {source}")
    if maker.chance(0.5):
        width = maker.name("width", "units")
        body.append(f"{width} = params['width']")
        env.ints[width] = -1
    if maker.chance(0.3):
        body.append("rate = params['drop']")
        env.rates.append("rate")
    if maker.chance(0.3):
        body.append("use_bn = params['use_bn']")
        env.flags.append("use_bn")
    return env


def _helpers(maker: Maker, env: Env, kinds: list[str], body: list[str]) -> list[Any]:
    """Define the helpers; returns producers of statements that surely use them."""
    uses: list[Any] = []
    for kind in kinds:
        if kind in ("function", "shared"):
            made = function(maker, None) if kind == "function" else shared(maker, None)
            maker.module += ["", "", *made[0]]
            maker.helpers.append(made[1])
            env.helpers.append(made[1])
            if kind == "shared":
                uses.append(lambda h=made[1]: grammar_helpers.use_shared(maker, env, h))
            else:
                uses += [lambda h=made[1]: _call(maker, env, h), lambda h=made[1]: _call(maker, env, h)]
        elif kind in ("closure", "lambda"):
            lines, helper = function(maker, env) if kind == "closure" else lambda_helper(maker, env)
            body += lines
            env.helpers.append(helper)
            uses += [lambda h=helper: _call(maker, env, h), lambda h=helper: _call(maker, env, h)]
        elif kind == "class":
            lines, helper, entry = grammar_helpers.class_helper(maker)
            maker.module += ["", "", *lines]
            uses.append(lambda h=helper, e=entry: grammar_helpers.use_class(maker, env, h, e))
        elif kind == "maker":
            lines, helper = grammar_helpers.maker_helper(maker, None)
            maker.module += ["", "", *lines]
            uses.append(lambda h=helper: grammar_helpers.use_maker(maker, env, h))
        else:
            lines, helper = grammar_helpers.applying(maker)
            maker.module += ["", "", *lines]
            uses.append(lambda h=helper: grammar_helpers.use_applying(maker, env, h))
    return uses


def _call(maker: Maker, env: Env, helper: Any) -> list[str]:
    called = maker.call_helper(env, helper, env.main)
    if called is None:
        return block(maker, env, 1)
    env.token = called[1]
    return [f"{env.main} = {called[0]}"]


def _print(maker: Maker, body: list[str]) -> str:
    head = maker.pick(("import tensorflow as tf", "import tensorflow.compat.v1 as tf"))
    lines = [head, *maker.module, "", "", "def model_fn(features, labels, mode, params):", *indent(body)]
    lines += ["", "", "def make_estimator(params):"]
    lines += indent(["return tf.estimator.Estimator(model_fn=model_fn, params=params)"])
    return "\n".join(lines) + "\n"
