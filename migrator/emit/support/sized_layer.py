"""A layer whose size is known on the first call."""

import keras


class SizedLayer(keras.layers.Layer):
    """A layer that is made on its first call, when its size is known: `self.squeeze(x, units=x.shape[-1] // 4)`.

    It takes the class of the layer and what is known before. Other sizes on a later call raise ValueError.
    """

    def __init__(self, kind, **options):
        super().__init__(name=options.get("name"))
        self.kind = kind
        self.options = options
        self.layer = None

    def build(self, sizes):
        self.sizes = dict(sizes)
        self.layer = self.kind(**self.options, **sizes)

    def __call__(self, *inputs, training=None, **sizes):
        if not self.built:
            self.build(sizes)
        if self.sizes != sizes:
            raise ValueError(f"{self.name} was made with {self.sizes}, and is called with {sizes}")
        return self.layer(*inputs) if training is None else self.layer(*inputs, training=training)
