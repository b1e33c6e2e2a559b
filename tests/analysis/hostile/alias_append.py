# two names of one list
# in the model_fn:
plan = [3]
same = plan
same.append(5)
plan = plan + [4]
same.append(6)
for n in plan:
    h = tf.layers.dense(h, n)
h = tf.layers.dense(h, len(same))
