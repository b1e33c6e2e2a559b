# a handler may start anywhere in its body
# in the model_fn:
n = 3
try:
    n = 5
    n = params['missing']
except KeyError:
    pass
h = tf.layers.dense(h, n)
