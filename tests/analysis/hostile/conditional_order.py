# the test of a conditional expression makes a layer
# in the model_fn:
h = tf.layers.dense(h, 4) if tf.layers.dense(h, 3) is not None else tf.layers.dense(h, 5)
