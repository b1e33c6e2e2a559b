"""Runs legacy programs on a real TensorFlow: JSON list of (text, modes, params) in, variables per run out.

Started with the interpreter of a legacy runtime; imports nothing of this project.
"""

import builtins
import json
import sys

import tensorflow

v1 = tensorflow.compat.v1


class Box:
    """The module tree `tensorflow.compat.v1`, whichever way it is imported."""

    compat = type("compat", (), {"v1": v1})


def load(name, scope=None, inner=None, fromlist=(), level=0):
    """An `__import__` for which `tensorflow` is TensorFlow 1."""
    if name == "tensorflow":
        return v1
    if name == "tensorflow.compat.v1":
        return v1 if fromlist else Box
    return builtins.__import__(name, scope, inner, fromlist, level)


def run(text, mode, params):
    """The variables of one run, in creation order, as [name, shape] pairs; or the error."""
    with v1.Graph().as_default():
        try:
            scope = {"__name__": "program", "__builtins__": {**vars(builtins), "__import__": load}}
            exec(compile(text, "<program>", "exec"), scope)
            v1.train.get_or_create_global_step()
            features = {
                "x": v1.placeholder(v1.float32, [None, 6]),
                "seq": v1.placeholder(v1.float32, [None, 5, 4]),
            }
            labels = None if mode == "infer" else v1.placeholder(v1.int64, [None])
            scope["model_fn"](features, labels, mode, params)
        except Exception as error:  # the boundary of the program under test
            return {"error": f"{type(error).__name__}: {str(error)[:200]}"}
        found = [(v.op.name, v.shape.as_list()) for v in v1.global_variables()]
        return {"variables": [f for f in found if f[0] != "global_step" and "gradient" not in f[0].lower()]}


if __name__ == "__main__":
    v1.disable_v2_behavior()
    v1.logging.set_verbosity(v1.logging.ERROR)
    jobs = json.load(sys.stdin)
    json.dump([run(text, mode, params) for text, mode, params in jobs], sys.stdout)
