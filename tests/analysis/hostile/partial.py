# functools.partial, nested
import functools


# in the model_fn:
fc = functools.partial(tf.layers.dense, activation=tf.nn.relu)
h = fc(h, 4)
fc5 = functools.partial(fc, units=5, use_bias=False)
h = fc5(h)
