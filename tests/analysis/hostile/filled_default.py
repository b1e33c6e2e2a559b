# a helper changes its mutable default, which lasts from call to call
def collect(t, kept=[]):
    kept.append(3)
    return tf.layers.dense(t, len(kept) + 1)


# in the model_fn:
h = collect(h)
h = collect(h)
