# builders in a table of the module
BLOCKS = {
    'relu': lambda t, n: tf.layers.dense(t, n),
    'tanh': lambda t, n: tf.layers.dense(t, n, use_bias=False),
}


# in the model_fn:
h = BLOCKS[params['act']](h, 4)
