"""Ends of a training that an evaluation decides."""

import keras


class StopIf(keras.callbacks.Callback):
    """Looks at one metric after each evaluation of a training, and ends it where `ends` says so.

    Only evaluations of this training count, and those from step `min_steps` on.
    """

    def __init__(self, metric_name, min_steps=0):
        super().__init__()
        self.metric_name, self.min_steps = metric_name, min_steps

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.optimizer.iterations)
        if step >= self.min_steps and self.ends(step, logs[f"val_{self.metric_name}"]):
            self.model.stop_training = True


class StopIfNoIncrease(StopIf):
    """Ends a training when a metric has not increased for so many steps."""

    def __init__(self, metric_name, max_steps_without_increase, min_steps=0):
        super().__init__(metric_name, min_steps)
        self.max_steps, self.best = max_steps_without_increase, None

    def ends(self, step, value):
        if self.best is None or value > self.best[1]:
            self.best = step, value
        return step - self.best[0] >= self.max_steps


class StopIfNoDecrease(StopIf):
    """Ends a training when a metric has not decreased for so many steps."""

    def __init__(self, metric_name, max_steps_without_decrease, min_steps=0):
        super().__init__(metric_name, min_steps)
        self.max_steps, self.best = max_steps_without_decrease, None

    def ends(self, step, value):
        if self.best is None or value < self.best[1]:
            self.best = step, value
        return step - self.best[0] >= self.max_steps


class StopIfHigher(StopIf):
    """Ends a training when a metric is higher than a threshold."""

    def __init__(self, metric_name, threshold, min_steps=0):
        super().__init__(metric_name, min_steps)
        self.threshold = threshold

    def ends(self, step, value):
        return value > self.threshold


class StopIfLower(StopIf):
    """Ends a training when a metric is lower than a threshold."""

    def __init__(self, metric_name, threshold, min_steps=0):
        super().__init__(metric_name, min_steps)
        self.threshold = threshold

    def ends(self, step, value):
        return value < self.threshold
