# names that Keras classes reserve
def build(weights, losses):
    layers = tf.layers.dense(weights, losses)
    return layers
def call(metrics):
    return tf.layers.dense(metrics, 3)


# in the model_fn:
self = 3
path = build(h, 4)
layers = call(path)
dtype = tf.layers.dense(layers, self)
h = dtype
