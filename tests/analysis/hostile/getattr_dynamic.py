# an attribute read by a computed name
class Box(object):
    relu = 3
    tanh = 4


# in the model_fn:
h = tf.layers.dense(h, getattr(Box, params['act']))
