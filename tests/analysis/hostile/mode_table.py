# a dict indexed by the mode
# in the model_fn:
rate = {'train': 0.4, 'eval': 0.0, 'infer': 0.0}[mode]
h = tf.layers.dropout(h, rate, training=mode == 'train')
h = {'train': 2.0}.get(mode, 1.0) * h
