# partial functions of a function that makes layers: of their arguments by name, by place, and by default
import functools


def partly(t, units, use_bias=True):
    return tf.layers.dense(t, units, use_bias=use_bias)


plain = functools.partial(partly, units=4, use_bias=False)
# in the model_fn:
h = plain(h)
h = functools.partial(partly, use_bias=False)(h, 4)
part = functools.partial(plain, units=params['width'])
h = part(h, use_bias=True)
