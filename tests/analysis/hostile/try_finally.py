# finally changes a number
# in the model_fn:
n = 3
try:
    h = tf.layers.dense(h, n)
finally:
    n = 4
h = tf.layers.dense(h, n)
