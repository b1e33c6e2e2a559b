# the else of a loop, and its variable afterwards
# in the model_fn:
for n in params['units']:
    if n > 100:
        break
else:
    h = tf.layers.dense(h, 3)
h = tf.layers.dense(h, n)
