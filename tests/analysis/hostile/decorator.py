# a decorated builder
def doubled(fn):
    def wrapped(t, n):
        return 2.0 * fn(fn(t, n), n)
    return wrapped
@doubled
def once(t, n):
    return tf.layers.dense(t, n)


# in the model_fn:
h = once(h, 4)
