"""The callables of generated programs: module functions, closures, lambdas, makers, function arguments, classes."""

from __future__ import annotations

from .grammar import Env, Helper, Maker, indent
from .grammar_statements import block

BODY = {"layer": 4.0, "size": 0.6, "pair": 0.4, "residual": 0.4, "calm": 0.5, "scope": 0.3, "rebind": 0.3}


def _body(maker: Maker, env: Env, length: int) -> list[str]:
    before, maker.weights = maker.weights, BODY
    lines = block(maker, env, length)
    maker.weights = before
    return lines


def function(maker: Maker, outer: Env | None) -> tuple[list[str], Helper]:
    """`def block(x, width, ...)`; with an outer environment a closure over its sizes and flags."""
    stems = ("block", "unit", "hidden", "project") if outer is None else ("inner", "shortcut", "local")
    name = maker.name(*stems)
    parameters = ["x", "width"]
    env = Env("x", maker.fresh(), {}, {"width": maker.fresh()}, naming=False)
    flag = scope = ""
    act = maker.chance(0.35)
    if maker.chance(0.45):
        flag = maker.pick(("training", "is_training"))
        parameters.append(maker.pick((flag, f"{flag}=False")))
        env.training = [flag]
    if act:
        parameters.append(maker.pick(("act=tf.nn.relu", "act=None" if maker.chance(0.3) else "act=tf.nn.tanh")))
    if maker.chance(0.3) and outer is None:
        scope = maker.pick(("name", "scope"))
        parameters.append(f"{scope}=None" if scope == "name" else scope)
        parameters = [p for p in parameters if "=" not in p] + [p for p in parameters if "=" in p]
    helpers = [h for h in (maker.helpers if outer is None else outer.helpers) if not h.scope]
    env.helpers = helpers[-2:]
    if outer is not None:
        env.ints |= {n: maker.fresh() for n in list(outer.ints)[:1] if n != "width"}
        env.captured = frozenset(env.ints) - {"width"}
        env.training += [t for t in outer.training if t.isidentifier()]
        env.rates += [r for r in outer.rates if r.isidentifier()]
        env.params = outer.params if maker.chance(0.4) else ""
        env.params = env.params if env.params.isidentifier() else ""
    lines = _body(maker, env, maker.rng.randint(0, 2))
    if not lines:
        lines = []
    last = ["x", "width", "activation=act"] if act and not any("act=None" in p for p in parameters) else ["x", "width"]
    if scope == "name":
        last.append("name=name")
    closing = [f"x = tf.layers.dense({', '.join(last)})"]
    if act and last[-1] != "activation=act" and "activation=act" not in last:
        closing += ["if act is not None:", "    x = act(x)"]
    if maker.chance(0.3):
        closing.append(f"return {maker.dropout(env, 'x')}" if env.training else "return 2.0 * x")
    else:
        closing.append("return x")
    inside = lines + closing
    if scope == "scope":
        inside = ["with tf.variable_scope(scope):", *indent(inside)]
    if maker.chance(0.2):
        inside = [f'"""{name}: made by the generator."""', *inside]
    helper = Helper(name, "width", flag, scope, act)
    return [f"def {name}({', '.join(parameters)}):", *indent(inside)], helper


def shared(maker: Maker, outer: Env | None) -> tuple[list[str], Helper]:
    """A network under AUTO_REUSE: every call gives the same variables."""
    name = maker.name("net", "shared")
    scope = maker.name("shared_s")
    width = maker.pick(("4", "5"))
    fixed = maker.chance(0.5)
    first = f"x = tf.layers.dense(x, {width}, activation=tf.nn.relu{', name=' + repr('first') if fixed else ''})"
    second = f"return tf.layers.dense(x, {width}{', name=' + repr('second') if fixed else ''})"
    lines = [f"def {name}(x):", *indent([f"with tf.variable_scope('{scope}', reuse=tf.AUTO_REUSE):"])]
    return [*lines, *indent(indent([first, second]))], Helper(name, "other", width=False, owns=False)


def use_shared(maker: Maker, env: Env, helper: Helper) -> list[str]:
    """Call the shared network on two tensors of one width."""
    first = maker.name("one", "real")
    second = maker.name("two", "fake")
    width = maker.pick(("3", "4"))
    env.token = maker.fresh()
    lines = [f"{first} = tf.layers.dense({env.main}, {width})"]
    if maker.chance(0.5):
        lines.append(f"{second} = tf.layers.dense({env.main}, {width}, activation=tf.nn.relu)")
    else:
        lines.append(f"{second} = 2.0 * {first}")
    use = maker.pick((f"tf.concat([{helper.name}({first}), {helper.name}({second})], 1)", ""))
    if use:
        return [*lines, f"{env.main} = {use}"]
    lines += [f"{first} = {helper.name}({first})", f"{second} = {helper.name}({second})"]
    return [*lines, f"{env.main} = {first} - {second}"]


def lambda_helper(maker: Maker, outer: Env) -> tuple[list[str], Helper]:
    """A lambda that makes a layer."""
    name = maker.name("fc", "proj")
    extra = maker.pick(("", ", use_bias=False", ", activation=tf.nn.relu"))
    return [f"{name} = lambda t, width: tf.layers.dense(t, width{extra})"], Helper(name, "width")


def maker_helper(maker: Maker, outer: Env | None) -> tuple[list[str], Helper]:
    """A function that returns a closure over its argument."""
    name = maker.name("make_unit", "layer_of")
    body = [
        "def apply(t):",
        f"    t = tf.layers.dense(t, width, activation={maker.pick(('act', 'tf.nn.relu'))})",
        f"    return {maker.pick(('t', '0.5 * t'))}",
        "return apply",
    ]
    return [f"def {name}(width, act=tf.nn.tanh):", *indent(body)], Helper(name, "maker")


def applying(maker: Maker) -> tuple[list[str], Helper]:
    """A function that is given a function."""
    name = maker.name("twice", "apply_fn")
    body = maker.pick(
        (
            "return fn(fn(x, width), width)",
            "h = fn(x, width)\nreturn h + fn(h, width)",
            "for _ in range(2):\n    x = fn(x, width)\nreturn x",
        )
    )
    return [f"def {name}(fn, x, width):", *indent(body.split("\n"))], Helper(name, "apply")


def class_helper(maker: Maker) -> tuple[list[str], Helper, str]:
    """A class with a constructor, a method called several times, and `__call__` or a method as entry."""
    name = maker.name("Encoder", "Network", "Tower")
    entry = maker.pick(("__call__", "build", "forward", "encode"))
    flagged = maker.chance(0.6)
    arguments = ["width", "depth=2"] + (["training=False"] if flagged else [])
    init = [f"self.{a.split('=')[0]} = {a.split('=')[0]}" for a in arguments]
    if maker.chance(0.4):
        init.append("self.act = tf.nn.relu")
    activation = "self.act" if "self.act = tf.nn.relu" in init else "tf.nn.elu"
    unit = [f"y = tf.layers.dense(x, width, activation={activation})"]
    if flagged and maker.chance(0.7):
        unit.append(f"y = tf.layers.dropout(y, {maker.pick(('0.3', '0.5'))}, training=self.training)")
    unit.append("return y")
    grow = maker.chance(0.5)
    body = ["width = self.width"] if grow else []
    size = "width" if grow else "self.width"
    body += ["for i in range(self.depth):"]
    body += indent([maker.pick((f"x = self.unit(x, {size})", f"x = self.unit(x, width={size})"))])
    body += indent(["width *= 2"]) if grow else []
    if maker.chance(0.4):
        body = [f"with tf.variable_scope('{maker.name('cls_s')}', reuse=tf.AUTO_REUSE):", *indent(body)]
    if maker.chance(0.3):
        body.append("x = tf.layers.dense(x, self.width)")
    body.append("return x")
    lines = [f"class {name}(object):" if maker.chance(0.5) else f"class {name}:"]
    lines += indent([f"def __init__(self, {', '.join(arguments)}):", *indent(init), ""])
    lines += indent(["def unit(self, x, width):", *indent(unit), ""])
    lines += indent([f"def {entry}(self, x):", *indent(body)])
    return lines, Helper(name, "class", "training" if flagged else "", width=True), entry


def use_class(maker: Maker, env: Env, helper: Helper, entry: str) -> list[str]:
    """Make an object and call its entry."""
    size, _ = maker.size_of(env)
    arguments = [maker.pick((size, f"width={size}"))]
    if env.params and maker.chance(0.5):
        arguments.append(f"depth={env.params}['depth']")
    if helper.training:
        arguments.append(f"training={maker.flag(env)}")
    made = f"{helper.name}({', '.join(arguments)})"
    call = "" if entry == "__call__" else f".{entry}"
    env.token = maker.fresh()
    if maker.chance(0.4):
        return [f"{env.main} = {made}{call}({env.main})"]
    name = maker.name("encoder", "network", "tower")
    return [f"{name} = {made}", f"{env.main} = {name}{call}({env.main})"]


def use_maker(maker: Maker, env: Env, helper: Helper) -> list[str]:
    """Make closures and call them."""
    size, _ = maker.size_of(env)
    name = maker.name("step", "piece")
    env.token = maker.fresh()
    act = maker.pick(("", ", act=tf.nn.relu", ", tf.nn.elu"))
    lines = [f"{name} = {helper.name}({size}{act})", f"{env.main} = {name}({env.main})"]
    if maker.chance(0.5):
        lines.append(f"{env.main} = {name}({env.main})")
    return lines


def use_applying(maker: Maker, env: Env, helper: Helper) -> list[str]:
    """Pass a helper, a lambda or a library function."""
    usable = [h.name for h in env.helpers if h.width and h.result == "width" and not h.training and not h.scope]
    given = maker.pick([*usable, "tf.layers.dense", "lambda t, width: tf.layers.dense(t, width, use_bias=False)"])
    size, token = maker.size_of(env)
    env.token = token
    if maker.chance(0.3):
        return [f"{env.main} = {helper.name}(x={env.main}, fn={given}, width={size})"]
    return [f"{env.main} = {helper.name}({given}, {env.main}, {size})"]
