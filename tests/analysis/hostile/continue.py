# a trip that is skipped under a parameter
# in the model_fn:
for i in range(3):
    if i == 1 and params['deep']:
        continue
    h = tf.layers.dense(h, 3 + i)
