# None and type tests of an argument
def flexible(t, n=None):
    if n is None:
        return tf.nn.relu(t)
    if isinstance(n, (list, tuple)):
        for each in n:
            t = tf.layers.dense(t, each)
        return t
    return tf.layers.dense(t, n)


# in the model_fn:
h = flexible(h)
h = flexible(h, [3, 4])
h = flexible(h, 5)
