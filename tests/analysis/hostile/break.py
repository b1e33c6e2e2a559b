# a loop left early, and its variable afterwards
# in the model_fn:
for n in [3, 4, 5]:
    if n == params['width']:
        break
    h = tf.layers.dense(h, n)
h = tf.layers.dense(h, n)
