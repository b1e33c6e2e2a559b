# tensors that a constructor keeps on its object, changed between the methods that read them
class Net(object):
    def __init__(self, t, training):
        self.t = t
        self.training = training
        self.mask = t * 0.5
        self.hidden = self.encode()
        self.t = self.t * 2.0
        self.out = self.decode(self.hidden, 3)

    def encode(self):
        return self.inner(tf.layers.dense(self.t * self.mask, 3))

    def inner(self, t):
        t = tf.layers.dropout(t, 0.5, training=self.training)
        return t + tf.layers.dense(self.mask, 3)

    def decode(self, t, n):
        return tf.layers.dense(t, n) + tf.layers.dense(self.t, n)


# in the model_fn:
h = Net(h, mode == 'train').out
