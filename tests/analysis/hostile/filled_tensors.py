# a helper appends tensors to the caller's list, and takes one away again
def keep(t, kept):
    kept.append(t)
    kept.append(t + 1.0)


def drop(kept):
    kept.pop(0)


# in the model_fn:
kept_tensors = [h]
keep(h * 2.0, kept_tensors)
h = tf.layers.dense(h, 3)
drop(kept_tensors)
h = tf.concat([h, kept_tensors[0]], 1)
