# one helper, three training arguments
def dropped(t, training):
    return tf.layers.dropout(tf.layers.dense(t, 4), 0.5, training=training)


# in the model_fn:
h = dropped(h, mode == 'train')
h = dropped(h, mode == 'eval')
h = dropped(h, False)
