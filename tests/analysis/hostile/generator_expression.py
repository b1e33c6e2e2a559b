# layers made by a generator expression
# in the model_fn:
h = tf.add_n(list(tf.layers.dense(h, 4) for _ in range(2)))
