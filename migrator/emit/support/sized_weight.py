"""A variable whose size is known on the first call."""

import keras


class SizedWeight(keras.layers.Layer):
    """A variable that is made on the first call, when its shape is known: `self.table(shape=[n, x.shape[-1]])`.

    It takes the arguments of `add_weight`, some of them on the call. Another shape on a later call raises ValueError.
    """

    def __init__(self, name, **options):
        super().__init__(name=name)
        self.options = {"name": name, **options}
        self.weight = None

    def build(self, shape, **options):
        self.weight = self.add_weight(shape=tuple(shape), **self.options, **options)

    def __call__(self, shape, **options):
        if not self.built:
            self.build(shape, **options)
        if tuple(self.weight.shape) != tuple(shape):
            raise ValueError(f"{self.name} was made with shape {self.weight.shape}, and is asked for {tuple(shape)}")
        return self.weight
