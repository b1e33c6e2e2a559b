"""Lists of hooks that a function makes by name: they go, with a warning, where none of them changes the training."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import HEAD, MODEL_FN, program, reasons

SPEED = """
class Speed(tf.train.SessionRunHook):
    def __init__(self, every):
        self.every, self.seen = every, 0
        self.timer = tf.train.SecondOrStepTimer(every_steps=every)

    def begin(self):
        self.step = tf.train.get_global_step()

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self.step)

    def after_run(self, run_context, run_values):
        if self.timer.should_trigger_for_step(run_values.results):
            self.seen += 1
            tf.logging.info("step %d at %s", run_values.results, "{:.1f}".format(time.time()))
"""
HOOKS = (
    HEAD
    + "import time\n"
    + SPEED
    + """

def logging_hook(tensors=None, **kwargs):
    return tf.train.LoggingTensorHook(tensors or {"loss": "loss"}, every_n_iter=10)


def speed_hook(every=5, **kwargs):
    return Speed(every)


def metric_hook(folder=None, **kwargs):
    if folder is None:
        raise ValueError("no folder")
    return Speed(1)


def get_hooks(names, **kwargs):
    hooks = []
    for name in names:
        make = TABLE.get(name.strip().lower())
        if make is None:
            raise ValueError(name)
        hooks.append(make(**kwargs))
    return hooks


TABLE = {"logging": logging_hook, "speed": speed_hook, "metric": metric_hook}
"""
)
CALL = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n"
MAIN = program(model_fn=MODEL_FN, head=HEAD + "import hooks\nimport sys\n").replace(
    CALL,
    "    made = hooks.get_hooks(sys.argv[1:], every=3)\n"
    "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8, hooks=made)\n",
)


def test_hooks_that_only_watch_go_with_what_makes_them() -> None:
    made = convert({"train.py": MAIN, "hooks.py": HOOKS})
    assert {unit.status for unit in made.ledger.units} == {"converted"}, reasons(made)
    (text,) = (edit.after for edit in made.edits if edit.path == "train.py")
    assert "hooks" not in text and "made" not in text and ".fit(input_fn(), steps_per_epoch=8)" in text
    assert not any(edit.path == "hooks.py" for edit in made.edits)
    told = {(f.rule, f.severity) for unit in made.ledger.units for f in unit.findings}
    told |= {(f.rule, f.severity) for f in made.ledger.findings}
    assert ("watching-hook", "warning") in told


ACTING = {
    "it ends the training": ("self.seen += 1", "run_context.request_stop()"),
    "it runs what it was given": ("self.seen += 1", "run_context.session.run(self.every)"),
    "it fetches what it was given": ("SessionRunArgs(self.step)", "SessionRunArgs(self.every)"),
    "it feeds": ("SessionRunArgs(self.step)", "SessionRunArgs(self.step, feed_dict={'x:0': 1})"),
    "it changes another object": ("self.seen += 1", "run_values.seen = 1"),
    "it changes a global name": ("self.seen += 1", "global SEEN\n            SEEN = 1"),
    "it calls a function of the program": ("self.seen += 1", "get_hooks([])"),
    "it calls a method of the program's own object": ("self.seen += 1", "TABLE.update(speed=None)"),
    "it sets an attribute by name": ("self.seen += 1", "setattr(run_values, 'seen', 1)"),
    "it evaluates": ("self.seen += 1", "self.every.evaluate(None)"),
    "it saves": ("self.seen += 1", "self.every.save(run_context.session, 'x')"),
    "its class derives from another": ("(tf.train.SessionRunHook)", "(tf.train.StopAtStepHook)"),
}


@pytest.mark.parametrize("change", ACTING.values(), ids=ACTING)
def test_a_hook_that_may_act_refuses(change: tuple[str, str]) -> None:
    assert change[0] in HOOKS
    made = convert({"train.py": MAIN, "hooks.py": HOOKS.replace(*change)})
    assert {unit.status for unit in made.ledger.units} == {"skipped"}


def test_a_file_that_is_still_imported_keeps_its_hooks() -> None:
    text = MAIN.replace("def main():", "def main():\n    print(hooks.TABLE)")
    assert {unit.status for unit in convert({"train.py": text, "hooks.py": HOOKS}).ledger.units} == {"skipped"}


def test_a_hook_class_of_the_same_file_stays() -> None:
    text = MAIN.replace("import hooks\n", "").replace("hooks.get_hooks", "get_hooks")
    text = text.replace("\ndef model_fn", HOOKS.removeprefix(HEAD + "import time\n") + "\n\ndef model_fn")
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"skipped"}
