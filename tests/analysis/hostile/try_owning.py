# owning calls under a handler
# in the model_fn:
try:
    h = tf.layers.dense(h, params['missing'])
except KeyError:
    h = tf.layers.dense(h, 4)
