# training and the other modes make the variables of one name in different places
def trained_part(t):
    return tf.layers.dense(t, 4, name='elsewhere')


def tested_part(t):
    return 2.0 * tf.layers.dense(t, 4, name='elsewhere')


# in the model_fn:
h = tf.layers.dense(h, 4)
if mode == 'train':
    h = trained_part(h)
else:
    h = tested_part(h)
