"""The ends of generated model_fns: predictions, loss, metrics and train operation in the usual return styles."""

from __future__ import annotations

from .grammar import Maker, indent

SPEC = "tf.estimator.EstimatorSpec"
KEYS = "tf.estimator.ModeKeys"


def tail(maker: Maker, test_of: dict[str, str]) -> list[str]:
    """The statements after `logits`. `test_of`: names that hold "mode is ...", by mode."""
    is_infer = maker.pick((f"mode == {KEYS}.PREDICT", f"{KEYS}.PREDICT == mode", "mode == 'infer'"))
    is_eval = maker.pick((f"mode == {KEYS}.EVAL", "mode == 'eval'"))
    is_train = maker.pick((f"mode == {KEYS}.TRAIN", *_known(test_of, "train")))
    style = maker.rng.randrange(6)
    if style in (0, 1):
        return [*_predict_first(maker, is_infer), *_loss(maker), *_two_returns(maker, is_eval, is_train, style == 0)]
    if style == 2:
        return _assigned(maker, is_infer, is_train)
    if style == 3:
        return _chain(maker, is_infer, is_eval)
    if style == 4:
        lines = [f"spec = {SPEC}(mode, predictions={_predictions(maker)})"]
        inner = [*_loss(maker), *_two_specs(maker, is_eval)]
        return [f"if not ({is_infer}):", *indent(inner), "else:", *indent(lines), "return spec"]
    return _chain(maker, f"mode not in ({KEYS}.TRAIN, {KEYS}.EVAL)", is_eval)


def _known(test_of: dict[str, str], mode: str) -> tuple[str, ...]:
    return (test_of[mode],) if mode in test_of else ()


def _predictions(maker: Maker) -> str:
    forms = (
        "{'probabilities': tf.nn.softmax(logits), 'classes': tf.argmax(logits, 1)}",
        "{'classes': tf.argmax(logits, axis=1)}",
        "{'logits': logits, 'scaled': 2.0 * logits}",
        "dict(probabilities=tf.nn.softmax(logits))",
        "{'probabilities': tf.nn.softmax(logits), 'norm': tf.norm(features['x'], axis=1)}",
    )
    return maker.pick(forms)


def _predict_first(maker: Maker, test: str) -> list[str]:
    made = _predictions(maker)
    if maker.chance(0.4):
        inner = [f"return {SPEC}(mode, predictions={made})"]
        return [f"if {test}:", *indent(inner)]
    if maker.chance(0.5):
        return [f"predictions = {made}", f"if {test}:", *indent([f"return {SPEC}(mode=mode, predictions=predictions)"])]
    return [f"if {test}:", *indent([f"predictions = {made}", f"return {SPEC}(mode, predictions=predictions)"])]


def _loss(maker: Maker) -> list[str]:
    call = maker.pick(("labels=labels, logits=logits", "labels, logits"))
    return [f"loss = tf.losses.sparse_softmax_cross_entropy({call})"]


def _metrics(maker: Maker) -> list[str]:
    wanted = maker.pick(("tf.argmax(logits, 1)", "tf.argmax(logits, axis=-1)"))
    if maker.chance(0.5):
        return [f"metrics = {{'accuracy': tf.metrics.accuracy(labels, {wanted})}}"]
    return [
        f"acc = tf.metrics.accuracy(labels=labels, predictions={wanted})",
        f"metrics = {{{maker.pick((repr('acc'), repr('accuracy')))}: acc}}",
    ]


def _train(maker: Maker) -> list[str]:
    rate = maker.pick(("params['lr']", "learning_rate=params['lr']", "0.05"))
    lines = [f"optimizer = tf.train.GradientDescentOptimizer({rate})"]
    step = "train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())"
    if maker.uses_bn:
        if maker.chance(0.5):
            lines.append("update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)")
            return [*lines, "with tf.control_dependencies(update_ops):", *indent([step])]
        return [*lines, "with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):", *indent([step])]
    return [*lines, step]


def _two_returns(maker: Maker, is_eval: str, is_train: str, eval_first: bool) -> list[str]:
    evaluate = [*_metrics(maker), f"return {SPEC}(mode, loss=loss, eval_metric_ops=metrics)"]
    train = [*_train(maker), f"return {SPEC}(mode, loss=loss, train_op=train_op)"]
    if eval_first:
        return [f"if {is_eval}:", *indent(evaluate), *train]
    return [f"if {is_train}:", *indent(train), *evaluate]


def _two_specs(maker: Maker, is_eval: str) -> list[str]:
    evaluate = [*_metrics(maker), f"spec = {SPEC}(mode, loss=loss, eval_metric_ops=metrics)"]
    train = [*_train(maker), f"spec = {SPEC}(mode, loss=loss, train_op=train_op)"]
    return [f"if {is_eval}:", *indent(evaluate), "else:", *indent(train)]


def _assigned(maker: Maker, is_infer: str, is_train: str) -> list[str]:
    """One spec for all modes, its parts assigned under conditions."""
    inner = [*_loss(maker), *_metrics(maker)]
    train = [f"if {is_train}:", *indent(_train(maker))]
    nested = maker.chance(0.5)
    lines = [f"predictions = {_predictions(maker)}", "loss = None", "train_op = None", "metrics = {}"]
    lines += [f"if not ({is_infer}):", *indent([*inner, *train] if nested else inner)]
    lines += [] if nested else train
    spec = "mode=mode, predictions=predictions, loss=loss, train_op=train_op, eval_metric_ops=metrics"
    return [*lines, f"return {SPEC}({spec})"]


def _chain(maker: Maker, is_infer: str, is_eval: str) -> list[str]:
    """if / elif / else that all return, the loss computed in each."""
    lines = [f"if {is_infer}:", *indent([f"return {SPEC}(mode, predictions={_predictions(maker)})"])]
    evaluate = [*_loss(maker), *_metrics(maker), f"return {SPEC}(mode, loss=loss, eval_metric_ops=metrics)"]
    train = [*_loss(maker), *_train(maker), f"return {SPEC}(mode, loss=loss, train_op=train_op)"]
    return [*lines, f"elif {is_eval}:", *indent(evaluate), "else:", *indent(train)]
