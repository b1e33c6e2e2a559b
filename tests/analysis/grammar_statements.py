"""The statements of generated programs: assignments, loops, branches over flags and modes, scopes, containers."""

from __future__ import annotations

from collections.abc import Callable

from .grammar import Env, Maker, indent

Producer = Callable[[Maker, Env], list[str]]


def block(maker: Maker, env: Env, length: int) -> list[str]:
    """A few statements by the category's weights; never empty."""
    lines: list[str] = []
    for _ in range(length):
        lines += statement(maker, env)
    return lines or [f"{env.main} = tf.nn.relu({env.main})"]


def statement(maker: Maker, env: Env) -> list[str]:
    """One statement; compound ones only while the nesting is shallow."""
    names = [n for n in maker.weights if n in STATEMENTS and (env.depth < 2 or n not in COMPOUND)]
    name = maker.rng.choices(names, [maker.weights[n] for n in names])[0]
    return STATEMENTS[name](maker, env) or layer(maker, env)


def layer(maker: Maker, env: Env) -> list[str]:
    """`h = layer(h)`."""
    text, token = maker.value(env)
    if maker.chance(0.08):
        env.token = maker.fresh() if token == -1 else token
        return [f"{env.main} = (", f"    {text}", ")"]
    env.token = token
    return [f"{env.main} = {text}"]


def side(maker: Maker, env: Env) -> list[str]:
    """A second tensor, kept for later."""
    name = maker.name("skip", "side", "branch", "y")
    text, token = maker.value(env)
    env.tensors[name] = token
    return [f"{name} = {text}"]


def size(maker: Maker, env: Env) -> list[str]:
    """A static number, made or changed."""
    if env.own_ints() and maker.chance(0.6):
        name = maker.pick(env.own_ints())
        env.ints[name] = maker.fresh()
        return [maker.pick((f"{name} *= 2", f"{name} += 4", f"{name} = {name} + 1", f"{name} = 2 * {name} - 1"))]
    name = maker.name("width", "units", "n_hidden", "filters")
    start = f"{env.params}['width']" if env.params else "6"
    env.ints[name] = -1 if env.params else maker.fresh()
    return [f"{name} = {start}"]


def rebind(maker: Maker, env: Env) -> list[str]:
    """The main tensor under another name, and back under its own."""
    name = maker.name("tmp", "t", "inputs")
    text, token = maker.dense(env, name)
    env.tensors[name] = env.token
    lines = [f"{name} = {env.main}", f"{env.main} = {text}"]
    env.token = token
    if maker.chance(0.4):
        other = maker.name("again")
        lines += [f"{other} = {name}", f"{name} = {env.main}"]
        env.tensors[other], env.tensors[name] = env.tensors[name], env.token
    return lines


def pair(maker: Maker, env: Env) -> list[str]:
    """Tuple assignment, sometimes a swap."""
    left, right = maker.name("a", "left"), maker.name("b", "right")
    width = maker.size_of(env)
    one, token = maker.dense(env, env.main, width)
    two, _ = maker.dense(env, env.main, width)
    lines = [f"{left}, {right} = {one}, {two}"]
    if maker.chance(0.5):
        lines.append(f"{left}, {right} = {right}, {left}")
    env.token = token
    env.tensors |= {left: token, right: token}
    lines.append(f"{env.main} = {maker.pick((f'{left} - {right}', f'{right} + 2.0 * {left}'))}")
    return lines


def order(maker: Maker, env: Env) -> list[str]:
    """Several layers in one expression: Python's order of evaluation decides who is made first."""
    width = maker.size_of(env)
    parts = [maker.dense(env, env.main, width) for _ in range(3)]
    texts = [p[0] for p in parts]
    form = maker.rng.randrange(4)
    source = env.main
    env.token = parts[0][1]
    if form == 0:
        return [f"{env.main} = {texts[0]} + {texts[1]} * {texts[2]}"]
    if form == 1:
        return [f"{env.main} = tf.add_n([{texts[0]}, {texts[1]}, {texts[2]}])"]
    if form == 2:
        nested, _ = maker.dense(env, texts[0], width)
        return [f"{env.main} = {nested} - {texts[1]}"]
    store = maker.name("parts")
    lines = [f"{store} = {{'b': {texts[0]}, 'a': {texts[1]}}}"]
    return [*lines, f"{env.main} = {store}['a'] - {store}['b'] + tf.layers.dense({source}, {width[0]})"]


def loop_range(maker: Maker, env: Env) -> list[str]:
    """`for i in range(depth)` with a width that may grow."""
    index = env.free_index(maker.pick(("i", "j", "_", "step")))
    count = maker.pick((f"{env.params}['depth']", f"range_{0}") if env.params else ("2",))
    bounds = {f"range_{0}": "2"}.get(count, count)
    bounds = maker.pick((bounds, bounds, f"1, {bounds} + 1"))
    return _loop(maker, env, f"for {index} in range({bounds}):", "" if index == "_" else index, {})


def loop_list(maker: Maker, env: Env) -> list[str]:
    """A loop over a list of sizes, plain, with enumerate or with zip."""
    items = f"{env.params}['units']" if env.params else "[4, 6]"
    if maker.chance(0.2):
        items = maker.pick(("[5, 3]", "(4, 8)", "[3 * n for n in (1, 2)]"))
    item = maker.name("n", "units", "size")
    form = maker.rng.randrange(4)
    token = {item: maker.fresh()}
    if form == 0:
        index = env.free_index(maker.pick(("i", "k")))
        return _loop(maker, env, f"for {index}, {item} in enumerate({items}):", index, token)
    if form == 1:
        act = maker.name("fn")
        lines = _loop(maker, env, f"for {item}, {act} in zip({items}, [tf.nn.relu, tf.nn.tanh]):", "", token)
        return [*lines, *indent([f"{env.main} = {act}({env.main})"])]
    if form == 2:
        index = env.free_index("i")
        return _loop(maker, env, f"for {index}, {item} in enumerate({items}, 1):", index, token)
    return _loop(maker, env, f"for {item} in {items}:", "", token)


def _loop(maker: Maker, env: Env, head: str, index: str, ints: dict[str, int]) -> list[str]:
    """A loop whose body may change the main tensor and sizes: what is known before it holds only where unchanged."""
    grow = [n for n in env.own_ints() if maker.chance(0.3)]
    inner = env.copy(token=maker.fresh(), index=index, naming=bool(index) and env.naming and not env.index)
    inner.depth = env.depth + 1
    inner.indices = env.indices | {head.split()[1].rstrip(",")}
    inner.tensors = {}
    inner.ints = {n: maker.fresh() for n in env.ints} | ints
    body = block(maker, inner, maker.rng.randint(1, 2))
    body += [maker.pick((f"{n} *= 2", f"{n} = {n} + 2")) for n in grow]
    changed = {n for n in env.ints if inner.ints.get(n) is not None} | set(grow)
    for name in changed:
        env.ints[name] = maker.fresh()
    env.token = maker.fresh()
    return [head, *indent(body)]


def residual(maker: Maker, env: Env) -> list[str]:
    """A loop that keeps the width, with a skip connection."""
    size_text, token = maker.size_of(env)
    first, _ = maker.dense(env, env.main, (size_text, token))
    inner = env.copy(token=token, index=env.free_index("i"), naming=env.naming and not env.index)
    inner.tensors, inner.depth = {}, env.depth + 1
    text, _ = maker.dense(inner, env.main, (size_text, token))
    count = f"{env.params}['depth']" if env.params else "2"
    env.token = token
    step = maker.pick((f"{env.main} = {env.main} + {text}", f"{env.main} += {text}"))
    return [f"{env.main} = {first}", f"for {inner.index} in range({count}):", *indent([step])]


def branch_flag(maker: Maker, env: Env) -> list[str]:
    """A branch on a parameter, in its several spellings."""
    test = maker.condition(env)
    if not test:
        return []
    if maker.chance(0.25):
        one, token = maker.dense(env, env.main)
        two, _ = maker.dense(env, env.main)
        env.token = maker.fresh()
        return [f"{env.main} = {one} if {test} else {two}"]
    return _branch(maker, env, test)


def branch_mode(maker: Maker, env: Env) -> list[str]:
    """A branch on the mode that makes no variables."""
    test = maker.mode_condition(env)
    if not test:
        return []
    calm = {"calm": 1.0}
    before, maker.weights = maker.weights, calm
    inner, other = env.copy(depth=env.depth + 1), env.copy(depth=env.depth + 1)
    lines = [f"if {test}:", *indent(block(maker, inner, 1))]
    if maker.chance(0.4):
        lines += ["else:", *indent(block(maker, other, 1))]
    maker.weights = before
    return lines


def rate_by_mode(maker: Maker, env: Env) -> list[str]:
    """A number chosen by mode, used outside layers."""
    test = maker.mode_condition(env)
    if not test:
        return []
    name = maker.name("factor", "gain")
    if maker.chance(0.5):
        lines = [f"{name} = 1.0 if {test} else 0.5"]
    else:
        lines = [f"{name} = 0.5", f"if {test}:", *indent([f"{name} = {maker.pick(('2.0', '1.5'))}"])]
    return [*lines, f"{env.main} = {name} * {env.main}"]


def calm(maker: Maker, env: Env) -> list[str]:
    """A statement that makes no variable and keeps the width."""
    forms = [f"2.0 * {env.main}", f"{env.main} - 1.0", f"tf.nn.relu({env.main})", f"{env.main} + {env.main}"]
    if env.mode or env.training:
        forms.append(maker.dropout(env, env.main))
    return [f"{env.main} = {maker.pick(forms)}"]


def _branch(maker: Maker, env: Env, test: str) -> list[str]:
    inner, other = env.copy(depth=env.depth + 1), env.copy(depth=env.depth + 1)
    lines = [f"if {test}:", *indent(block(maker, inner, maker.rng.randint(1, 2)))]
    if maker.chance(0.3) and env.params:
        third = env.copy(depth=env.depth + 1)
        lines += [f"elif {env.params}['depth'] == 3:", *indent(block(maker, third, 1))]
    if maker.chance(0.5):
        lines += ["else:", *indent(block(maker, other, 1))]
    env.token = maker.fresh()
    for name in env.ints:
        env.ints[name] = maker.fresh()
    for name in env.tensors:
        env.tensors[name] = maker.fresh()
    return lines


def scope(maker: Maker, env: Env) -> list[str]:
    """A variable scope around statements."""
    name = maker.layer_name(env, "enc", "tower", "stage")
    head = f"with tf.variable_scope({name}):" if name else "with tf.variable_scope(None, default_name='blk'):"
    if maker.chance(0.15):
        head = "with tf.variable_scope(None, default_name='group'):"
    env.depth += 1
    body = block(maker, env, maker.rng.randint(1, 2))
    env.depth -= 1
    return [head, *indent(body)]


def towers(maker: Maker, env: Env) -> list[str]:
    """A comprehension that makes layers."""
    name = maker.name("towers", "heads")
    source = env.main
    width = maker.pick((f"{env.params}['units']", "[3, 5]") if env.params else ("[3, 5]",))
    act = maker.pick((", activation=tf.nn.relu", "", ", use_bias=False"))
    form = maker.rng.randrange(3)
    if form == 0:
        lines = [f"{name} = [tf.layers.dense({source}, n{act}) for n in {width}]"]
    elif form == 1:
        lines = [f"{name} = []", f"for n in {width}:", *indent([f"{name}.append(tf.layers.dense({source}, n{act}))"])]
    else:
        prefix = maker.name("tower_n")
        if not env.naming or env.index:
            prefix = ""
        named = f", name='{prefix}%d' % i" if prefix else ""
        lines = [f"{name} = [tf.layers.dense({source}, n{act}{named}) for i, n in enumerate({width})]"]
    env.token = maker.fresh()
    return [*lines, f"{env.main} = {maker.pick((f'tf.concat({name}, axis=1)', f'{name}[-1]', f'{name}[0]'))}"]


def table(maker: Maker, env: Env) -> list[str]:
    """A dict of functions or of tensors, looked up by a constant or a parameter."""
    name = maker.name("acts", "ends", "choices")
    form = maker.rng.randrange(3)
    if form == 0 and env.params:
        return [
            f"{name} = {{'relu': tf.nn.relu, 'tanh': tf.nn.tanh}}",
            f"{env.main} = {name}[{env.params}['act']]({env.main})",
        ]
    text, token = maker.dense(env, env.main)
    if form == 1:
        env.token = token
        return [f"{name} = {{}}", f"{name}['first'] = {text}", f"{env.main} = tf.nn.relu({name}['first'])"]
    env.token = token
    return [f"{name} = {{'wide': {text}, 'plain': {env.main}}}", f"{env.main} = {name}['wide'] * 0.5"]


def size_list(maker: Maker, env: Env) -> list[str]:
    """A list of sizes filled before it is used, sometimes through a second name."""
    name = maker.name("sizes", "plan")
    start = f"{env.params}['width']" if env.params else "4"
    form = maker.rng.randrange(3)
    if form == 0:
        lines = [f"{name} = [{start}]", f"{name}.append(5)"]
    elif form == 1:
        alias = maker.name("alias")
        lines = [f"{name} = [{start}, 7]", f"{alias} = {name}", f"{alias}.append(5)"]
    else:
        lines = [f"{name} = []", "for k in range(2):", *indent([f"{name}.append({start} + k)"])]
    source = env.main
    env.token = maker.fresh()
    return [*lines, f"for s in {name}:", *indent([f"{source} = tf.layers.dense({source}, s, activation=tf.nn.relu)"])]


def builders(maker: Maker, env: Env) -> list[str]:
    """A list of helpers, called one after the other."""
    usable = [h.name for h in env.helpers if h.width and not h.training and not h.scope]
    if not usable:
        return []
    name = maker.name("builders", "steps")
    chosen = [maker.pick(usable) for _ in range(2)]
    size_text, _ = maker.size_of(env)
    env.token = maker.fresh()
    use = indent([f"{env.main} = build({env.main}, {size_text})"])
    if maker.chance(0.3):
        use = [f"{env.main} = {name}['b']({env.main}, {size_text})"]
        return [f"{name} = {{'a': {chosen[0]}, 'b': {chosen[1]}}}", *use]
    return [f"{name} = [{', '.join(chosen)}]", f"for build in {name}:", *use]


def raw(maker: Maker, env: Env) -> list[str]:
    """A raw variable."""
    if not env.naming or env.index:
        return []
    size_text, token = maker.size_of(env)
    text, _ = maker.dense(env, env.main, (size_text, token))
    name = maker.name("weight_v")
    variable = maker.name("gate", "offset")
    env.token = token
    init = maker.pick(("", ", initializer=tf.zeros_initializer()", ", initializer=tf.ones_initializer()"))
    return [
        f"{env.main} = {text}",
        f"{variable} = tf.get_variable('{name}', [{size_text}]{init})",
        f"{env.main} = {env.main} * {variable}",
    ]


def shape_stage(maker: Maker, env: Env) -> list[str]:
    """A width that is read from a tensor."""
    name = maker.name("dim")
    h = env.main
    read = maker.pick((f"{h}.shape[-1].value", f"{h}.get_shape().as_list()[-1]", f"int({h}.shape[1])"))
    text = f"tf.layers.dense({env.main}, {name}, use_bias=False)"
    return [f"{name} = {read}", f"{env.main} = {env.main} + {text}"]


STATEMENTS: dict[str, Producer] = {
    "layer": layer,
    "side": side,
    "size": size,
    "rebind": rebind,
    "pair": pair,
    "order": order,
    "loop_range": loop_range,
    "loop_list": loop_list,
    "residual": residual,
    "branch_flag": branch_flag,
    "branch_mode": branch_mode,
    "rate_by_mode": rate_by_mode,
    "calm": calm,
    "scope": scope,
    "towers": towers,
    "table": table,
    "size_list": size_list,
    "builders": builders,
    "raw": raw,
    "shape_stage": shape_stage,
}
COMPOUND = frozenset({"loop_range", "loop_list", "branch_flag", "branch_mode", "scope"})
