# a helper with two results
def two(t):
    a = tf.layers.dense(t, 4)
    return a, tf.layers.dense(a, 4)


# in the model_fn:
first, second = two(h)
h = first - second
pair_of = two(h)
h = pair_of[1] - pair_of[0]
