# a helper changes the caller's list and makes a tensor in one go
def fill(t, sizes):
    sizes.append(5)
    return t * 2.0


# in the model_fn:
sizes_filled = [3]
h = fill(h, sizes_filled)
for size_filled in sizes_filled:
    h = tf.layers.dense(h, size_filled)
