# and / or give operands
# in the model_fn:
n = params['deep'] and 7 or 3
h = tf.layers.dense(h, n)
