# evaluated once, when the function is defined
# in the model_fn:
n = 3
def sized(t, width=n):
    return tf.layers.dense(t, width)
n = 7
h = sized(h)
h = sized(h, n)
