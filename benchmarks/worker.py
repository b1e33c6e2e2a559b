"""Trains one program inside a runtime, turn by turn: `python worker.py REQUEST.json`.

Runs in the interpreter of a runtime. The program starts as it always does; at its first training call it is held: the
worker says on its standard output that it is ready, reads how many steps the next turn has, trains them, and answers
with the steps made (the difference of the program's own step counter) and the seconds taken, by the clock and on all
cores together. An empty line ends it.
"""

import importlib
import importlib.util
import json
import os
import sys
import time


class Turns:
    """The conversation with the bench: one line of JSON each way."""

    def __init__(self):
        self.commands = os.fdopen(os.dup(0), "r")
        self.answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # what the program prints goes to the log
        self.counter = self.started = None

    def answer(self, **data):
        """Tells the bench something."""
        self.answers.write(json.dumps(data) + "\n")
        self.answers.flush()

    def next(self, counter, unit=1):
        """Ends a turn at step `counter` and waits for the next; returns its steps, a multiple of `unit`."""
        if self.started is None:
            self.answer(unit=unit)
        else:
            wall, cpu = time.perf_counter() - self.started[0], time.process_time() - self.started[1]
            self.answer(steps=counter - self.counter, seconds=wall, cpu_seconds=cpu)
        line = self.commands.readline().strip()
        if not line:
            sys.stderr.flush()
            os._exit(0)
        self.counter, self.started = counter, (time.perf_counter(), time.process_time())
        return int(line)


def hold_legacy(tf, turns):
    """Makes `Estimator.train` train in turns, without end, checkpoints or summaries, which the other side has not."""

    class Hook(tf.train.SessionRunHook):
        def begin(self):
            self.global_step = tf.train.get_global_step()

        def after_create_session(self, session, coord):
            self.left = 0

        def before_run(self, context):
            if self.left == 0:
                self.left = turns.next(int(context.session.run(self.global_step)))

        def after_run(self, context, values):
            self.left -= 1

    module = importlib.import_module("tensorflow_estimator.python.estimator.estimator")
    plain = module.Estimator.train

    def train(self, input_fn, hooks=None, steps=None, max_steps=None, saving_listeners=None):
        self._config = self._config.replace(
            save_checkpoints_secs=None, save_checkpoints_steps=None, save_summary_steps=None
        )
        return plain(self, input_fn, hooks=[*(hooks or ()), Hook()])

    module.Estimator.train = train
    datasets = importlib.import_module("tensorflow.python.data.ops.dataset_ops").DatasetV1
    for name in ("_make_one_shot_iterator", "_make_initializable_iterator"):
        setattr(datasets, name, endless(getattr(datasets, name)))
    queues = importlib.import_module("tensorflow_estimator.python.estimator.inputs.queues.feeding_functions")
    plain_queue = queues._enqueue_data
    queues._enqueue_data = lambda *data, **options: plain_queue(*data, **dict(options, num_epochs=None))


def endless(plain):
    """Data that goes on without end, as the other side's."""
    return lambda dataset, *args, **options: plain(dataset.repeat(), *args, **options)


def hold_target(turns):
    """Makes `keras.Model.fit` train in turns: the program's own steps are an epoch, a turn is a number of epochs."""
    import keras

    class Pause(keras.callbacks.Callback):
        left = 0

        def on_epoch_begin(self, epoch, logs=None):
            if self.left == 0:
                self.left = turns.next(int(self.model.optimizer.iterations), self.steps) // self.steps
            self.left -= 1

    owner = next(cls for cls in keras.Model.__mro__ if "fit" in vars(cls))
    plain = owner.fit

    def fit(self, x=None, **options):
        pause = Pause()
        pause.steps = options.get("steps_per_epoch") or len(x)
        for name in [name for name in options if name.startswith("validation")]:
            del options[name]
        given = list(options.pop("callbacks", None) or ())
        for callback in given:  # what is done after evaluations, exports for one: there are none on either side
            callback.on_epoch_begin = callback.on_epoch_end = lambda epoch, logs=None: None
        callbacks = [*given, pause]
        if options.get("steps_per_epoch") is None and hasattr(x, "repeat"):  # data that ends goes on, as the other's
            x = x.repeat()
        return plain(self, x, **dict(options, epochs=1000000, steps_per_epoch=pause.steps, callbacks=callbacks))

    owner.fit = fit


def main():
    """Starts the program; its first training call never returns."""
    with open(sys.argv[1]) as stream:
        request = json.load(stream)
    turns = Turns()
    spec = importlib.util.spec_from_file_location("boot", request["boot"])
    boot = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(boot)
    boot.load_package()
    if request["side"] == "legacy":
        hold_legacy(importlib.import_module(boot.PACKAGE + ".shim").install(), turns)
    else:
        hold_target(turns)
    program = importlib.import_module(boot.PACKAGE + ".program")
    ending = program.run_program(request["root"], request["entry"], request["seconds"])
    turns.answer(failure=ending.note or "the program ended without training", text=ending.text)


if __name__ == "__main__":
    main()
