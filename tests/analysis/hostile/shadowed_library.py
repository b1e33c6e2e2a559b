# names of libraries used for functions
def dense(t, n):
    return 3.0 * t


# in the model_fn:
relu = dense
h = relu(h, 4)
keras = tf.layers.dense
h = keras(h, 4)
