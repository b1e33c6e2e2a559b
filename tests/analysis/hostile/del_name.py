# a name deleted and bound again
# in the model_fn:
n = 3
del n
n = 4
h = tf.layers.dense(h, n)
