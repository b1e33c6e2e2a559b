"""Hook classes of the program's own: one that only watches the steps of a training is a callback."""

from __future__ import annotations

import pytest

from .small import HEAD, converted, program, refused


def watched(hook: str, hooks: str = "[Watch(2)]", steps: str = "steps=8") -> str:
    """A program that trains with hooks of this class."""
    text = program(head=f"{HEAD}import time\n\n\nclass Watch(tf.train.SessionRunHook):\n{hook}\n")
    return text.replace("steps=8", f"{steps}, hooks={hooks}")


TIMES = '''    """Takes the time of each step."""

    def __init__(self, every):
        self.every = every

    def begin(self):
        # seconds
        self.times = []

    def before_run(self, run_context):
        self.start = time.time()

    def after_run(self, run_context, run_values):
        self.times.append(time.time() - self.start)

    def end(self, session):
        print(len(self.times))
'''
CALLBACK = '''class Watch(keras.callbacks.Callback):
    """Takes the time of each step."""

    def __init__(self, every):
        super().__init__()
        self.every = every

    def on_train_begin(self, logs=None):
        # seconds
        self.times = []

    def on_train_batch_begin(self, batch, logs=None):
        self.start = time.time()

    def on_train_batch_end(self, batch, logs=None):
        self.times.append(time.time() - self.start)

    def on_train_end(self, logs=None):
        print(len(self.times))
'''


def test_its_methods_are_those_of_a_callback() -> None:
    after = converted(watched(TIMES))["train.py"]
    assert CALLBACK in after
    assert "build_model().fit(input_fn(), steps_per_epoch=8, callbacks=[Watch(2)])" in after


def test_it_watches_a_training_to_an_absolute_step_and_hooks_that_report_go() -> None:
    hooks = "[tf.train.StepCounterHook(), Watch(2)]"
    after = converted(watched(TIMES, hooks, "max_steps=8"))["train.py"]
    assert "fit_until(build_model(), input_fn(), max_steps=8, callbacks=[Watch(2)])" in after


def test_it_watches_a_training_with_evaluations_in_between() -> None:
    text = watched(TIMES).replace(
        "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8, hooks=[Watch(2)])",
        "    train = tf.estimator.TrainSpec(input_fn, max_steps=8, hooks=[Watch(2)])\n"
        "    tf.estimator.train_and_evaluate(\n"
        "        tf.estimator.Estimator(model_fn), train, tf.estimator.EvalSpec(input_fn, steps=2))",
    )
    after = converted(text)["train.py"]
    assert CALLBACK in after
    assert "eval_steps=2,\n        callbacks=[Watch(2)],\n    )" in after


DEBUGGING = """    def begin(self):
        # before it starts
        print("before")

    def after_create_session(self, session, coord):
        print("created")

    def before_run(self, run_context):
        return None

    def after_run(self, run_context, run_values):
        pass
"""


def test_what_begins_a_session_in_two_methods_is_one_method_of_a_callback() -> None:
    after = converted(watched(DEBUGGING, "[Watch()]"))["train.py"]
    assert (
        """class Watch(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        # before it starts
        print("before")
        print("created")
"""
        in after
    )


STEPS = """    def __init__(self, every):
        super(Watch, self).__init__()
        self.every = every

    def begin(self):
        self._step = tf.train.get_global_step()

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self._step)

    def after_run(self, run_context, run_values):
        step = run_values.results
        if step % self.every == 0:
            tf.logging.info("step %d", step)
        if step > 4:
            run_context.request_stop()
"""


def test_the_global_step_is_the_optimizers_and_the_end_that_of_keras() -> None:
    after = converted(watched(STEPS))["train.py"]
    assert "        step = int(self.model.optimizer.iterations)\n" in after
    assert "            self.model.stop_training = True\n" in after
    assert "on_train_batch_begin" not in after and "on_train_begin" not in after


FETCHES_MORE = """    def before_run(self, run_context):
        return tf.train.SessionRunArgs({"loss": "loss:0"})

    def after_run(self, run_context, run_values):
        print(run_values.results["loss"])
"""
RUNS = """    def after_create_session(self, session, coord):
        session.run(tf.global_variables_initializer())
"""
READS_GRAPH = """    def after_run(self, run_context, run_values):
        print(run_context.session.graph)
"""
BOTH = """    def begin(self):
        if self.count:
            return
        self.count = 0

    def after_create_session(self, session, coord):
        self.count = 1
"""
TAKEN = """    def begin(self):
        self.model = "mine"
"""
FEEDS = """    def before_run(self, run_context):
        return tf.train.SessionRunArgs(tf.train.get_global_step(), feed_dict={})
"""
SOMETIMES = """    def before_run(self, run_context):
        if time.time() > 0:
            return tf.train.SessionRunArgs(tf.train.get_global_step())
"""


@pytest.mark.parametrize("hook", [FETCHES_MORE, RUNS, READS_GRAPH, BOTH, TAKEN, FEEDS, SOMETIMES])
def test_a_hook_that_uses_its_session_refuses(hook: str) -> None:
    assert {rule for rule, _ in refused(watched(hook, "[Watch()]"))} <= {"hook-class", "no-rule"}


def test_hooks_elsewhere_refuse() -> None:
    text = watched(TIMES).replace(".train(input_fn, steps=8,", ".evaluate(input_fn, steps=8,")
    assert {rule for rule, _ in refused(text)} == {"estimator-argument"}
