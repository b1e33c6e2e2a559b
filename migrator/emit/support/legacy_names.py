"""The names that TensorFlow 1 gave to a model's variables, and first values from its checkpoints."""

import contextlib

import keras
import tensorflow as tf


class LegacyVariable:
    """A variable of a Keras model under the name that it had in TensorFlow 1.

    `name` ends in ":0"; `op.name` does not.
    """

    def __init__(self, name, variable):
        self.name = f"{name}:0"
        self.variable = variable
        self.shape = tf.TensorShape(variable.shape)
        self.dtype = tf.as_dtype(keras.backend.standardize_dtype(variable.dtype))

    @property
    def op(self):
        return LegacyOperation(self.name.split(":")[0])

    def get_shape(self):
        return self.shape


class LegacyOperation:
    """The operation of a variable: programs ask it for nothing but the name."""

    def __init__(self, name):
        self.name = name


class LegacyNames:
    """Collects variables in the order and under the names of TensorFlow 1, where default names are counted by scope.

    A model and its layers tell theirs in `legacy_names(names)`.
    """

    def __init__(self):
        self.found = []
        self._scope = ""
        self._opened = {}
        self._counting = 0

    @contextlib.contextmanager
    def scope(self, name, default=False):
        """Everything inside has its name under this one. A default name that was taken gets the next free number."""
        outer = self._scope
        full = f"{outer}/{name}" if outer else name
        if default and self._opened.get(full):
            number = 1
            while self._opened.get(f"{full}_{number}"):
                number += 1
            full = f"{full}_{number}"
        self._opened[full] = self._opened.get(full, 0) + 1
        self._scope = full
        yield
        self._scope = outer
        for inner in self._opened:
            if inner.startswith(f"{full}/"):
                self._opened[inner] = 0

    @contextlib.contextmanager
    def again(self):
        """Inside, names are counted and no variables collected: a layer that is called again takes default names."""
        self._counting += 1
        yield
        self._counting -= 1

    def variable(self, name, variable):
        """One variable, if it is there."""
        if variable is not None and not self._counting:
            self.found.append(LegacyVariable(f"{self._scope}/{name}" if self._scope else name, variable))

    def layer(self, layer, name, variables, default=False):
        """The variables of a layer; a dictionary tells where each is in the layer, when that is another name."""
        if not layer.built:
            return  # never called: TensorFlow 1 did not make it
        with self.scope(name, default):
            for variable in variables:
                value = layer
                for part in (variables[variable] if isinstance(variables, dict) else variable).split("."):
                    value = getattr(value, part, None)
                self.variable(variable, value)


def legacy_variables(model, trainable=False):
    """Returns the variables of a built model as `LegacyVariable`s, in the order in which TensorFlow 1 made them."""
    names = LegacyNames()
    model.legacy_names(names)
    return [found for found in names.found if found.variable.trainable or not trainable]


def init_from_checkpoint(model, checkpoint, assignment_map):
    """Gives variables of a built model their values in a checkpoint, as `tf.train.init_from_checkpoint` does.

    Args:
        model: The model.
        checkpoint: The path of a checkpoint of TensorFlow 1, or of a folder of them.
        assignment_map: Name in the checkpoint -> legacy name of a variable or a `LegacyVariable`; or scope -> scope,
            both ending in "/".
    """
    reader = tf.train.load_checkpoint(checkpoint)
    shapes = reader.get_variable_to_shape_map()
    variables = {found.op.name: found.variable for found in legacy_variables(model)}
    pairs = {}
    for source, target in dict(assignment_map).items():
        name = target.op.name if isinstance(target, LegacyVariable) else target
        if name in variables:
            pairs[name] = source
            continue
        if not source.endswith("/"):
            raise ValueError(f"there is no variable {name}; a scope has a scope in the checkpoint: 'scope/'")
        scope = name[: name.rindex("/")] if "/" in name else ""
        for inside in variables:
            if not scope or inside.startswith(f"{scope}/"):
                rest = inside[len(scope) :] if name == "/" else inside[len(scope) + 1 :]
                pairs[inside] = rest if source == "/" else source + rest
    for name, source in pairs.items():
        if source not in shapes:
            raise ValueError(f"{source} is not found in {checkpoint}")
        if tuple(shapes[source]) != tuple(variables[name].shape):
            raise ValueError(f"{name} is {tuple(variables[name].shape)}, {source} in {checkpoint} is {shapes[source]}")
        variables[name].assign(reader.get_tensor(source))
