# flags mixed from mode and parameters
# in the model_fn:
active = mode == 'train' and params['deep']
h = tf.layers.dropout(h, 0.3, training=active)
h = tf.layers.dropout(h, 0.3, training=params['use_bn'])
