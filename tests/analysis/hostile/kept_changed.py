# what a constructor keeps on its object, changed below its attribute before layers are made from it
class Net(object):
    def __init__(self, t):
        self.n = 2
        self.n += 1
        self.box = {'a': 2}
        self.box['a'] = 3
        self.sizes = [1]
        self.sizes.append(2)
        m = self.sizes.pop()
        for n in self.sizes:
            t = tf.layers.dense(t, n + self.n)
        self.outs = []
        self.outs.append(t)
        self.outs.append(tf.layers.dense(t, self.box['a']) * m)
        self.out = tf.layers.dense(self.outs[0], 3) + tf.layers.dense(self.outs[1], 3)


# in the model_fn:
h = Net(h).out
