# a dict of sizes filled in a loop
# in the model_fn:
tf.layers.dense(h, 4)
sizes = {}
for i, n in enumerate(params['units']):
    sizes['n%d' % i] = n
h = tf.layers.dense(h, sizes['n1'])
