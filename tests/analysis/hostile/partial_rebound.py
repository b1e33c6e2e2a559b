# what a partial function was given is bound anew before it is called
import functools


# in the model_fn:
width = 4
made = functools.partial(tf.layers.dense, units=width)
width = 6
h = made(h)
h = tf.layers.dense(h, width)
