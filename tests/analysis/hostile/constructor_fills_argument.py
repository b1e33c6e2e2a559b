# a constructor's method changes a list that came as an argument
class Filler(object):
    def __init__(self, sizes):
        self.sizes = sizes
        self.fill()
    def fill(self):
        self.sizes.append(6)
    def __call__(self, t):
        return tf.layers.dense(t, len(self.sizes) + 1)


# in the model_fn:
sizes_given = [3]
filler = Filler(sizes_given)
h = filler(h)
h = tf.layers.dense(h, sizes_given[-1])
