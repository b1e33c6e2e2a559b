# a function defined in one of two ways that differ in what they are called with
# in the model_fn:
if params['drop']:
    def part(t, width=3):
        return tf.layers.dense(t, width)
else:
    def part(t, width=5):
        return tf.layers.dense(tf.layers.dense(t, width), 2)
h = part(h)
