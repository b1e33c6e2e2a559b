# closures see the last value of the loop variable
# in the model_fn:
fns = []
for n in [3, 5]:
    fns.append(lambda t: tf.layers.dense(t, n))
for fn in fns:
    h = fn(h)
