# the closure sees a later rebinding
# in the model_fn:
n = 3
def wide(t):
    return tf.layers.dense(t, n)
h = wide(h)
n = 5
h = wide(h)
