# += changes the list, not the name
# in the model_fn:
plan = [3]
other = plan
plan += [5]
for n in other:
    h = tf.layers.dense(h, n)
