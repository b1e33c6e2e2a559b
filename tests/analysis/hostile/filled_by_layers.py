# a helper that makes layers appends tensors to the caller's list
def grow(t, kept):
    t = tf.layers.dense(t, 3)
    kept.append(t)
    return t


# in the model_fn:
grown_tensors = []
h = grow(h, grown_tensors)
h = grow(h, grown_tensors)
h = tf.concat([h, grown_tensors[0]], 1)
