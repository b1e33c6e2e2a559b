# a store at an unknown index may hit any item
# in the model_fn:
plan = [3, 4]
plan[params['depth'] - 2] = 6
for n in plan:
    h = tf.layers.dense(h, n)
