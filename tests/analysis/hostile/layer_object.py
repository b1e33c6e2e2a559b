# a layer object called twice shares
# in the model_fn:
fc = tf.layers.Dense(4)
before = tf.layers.dense(h, 4)
h = fc(before)
h = fc(h)
