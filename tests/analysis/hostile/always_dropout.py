# dropout that is on in every mode
# in the model_fn:
h = tf.nn.dropout(h, keep_prob=0.7)
