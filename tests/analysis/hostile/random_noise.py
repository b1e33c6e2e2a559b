# a random draw outside layers
# in the model_fn:
h = h + tf.random_normal(tf.shape(h), stddev=0.1)
