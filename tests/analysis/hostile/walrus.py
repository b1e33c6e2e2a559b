# a name bound inside an expression
# in the model_fn:
h = tf.layers.dense(h, (n := 4)) + tf.layers.dense(h, n)
