# a loop variable read after the loop
# in the model_fn:
for n in params['units']:
    h = tf.layers.dense(h, n)
h = n * h
