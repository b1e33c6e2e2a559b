# arguments passed through
def plain(*args, **kwargs):
    return tf.layers.dense(*args, **kwargs)


# in the model_fn:
h = plain(h, 4, activation=tf.nn.relu)
h = plain(h, units=params['width'])
