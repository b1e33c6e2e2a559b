# methods and a property of an object whose constructor makes layers read what it kept, early and late
class Built:
    def __init__(self, x, units, rate):
        self.units = units
        self.rate = rate
        self.source = x
        self.hidden = tf.layers.dense(x, units)

    @property
    def doubled(self):
        return self.hidden * self.rate

    def mixed(self, other, share=0.5):
        return self.doubled * share + self.scaled(other)

    def scaled(self, other):
        return other * (self.units - 1)
# in the model_fn:
b = Built(h, 3, 2.0)
c = Built(b.mixed(b.hidden), b.units + 1, 0.5)
h = tf.layers.dense(c.mixed(c.doubled, share=b.rate), b.units) * c.units
