# a number that follows the mode, given to functions that make layers
def told_block(t, width, scale=1):
    return tf.layers.dense(t, width) * scale
def told_outer(t, scale, width=2):
    for _ in range(2):
        t = told_block(t, width, scale) + told_block(t, 3 - 1)
    return t


# in the model_fn:
factor = 3 if mode == 'train' else 1
h = told_outer(told_block(h, 2, factor), factor)
