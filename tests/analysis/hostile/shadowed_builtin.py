# builtins used as names
# in the model_fn:
sorted = [3, 4]
for len in sorted:
    h = tf.layers.dense(h, len)
