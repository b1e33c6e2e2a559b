# one list for all calls
def stacked(t, seen=[]):
    seen.append(1)
    return tf.layers.dense(t, 2 + len(seen))


# in the model_fn:
h = stacked(h)
h = stacked(h)
