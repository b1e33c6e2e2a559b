# the composite `box.n` is stale after `box` is rebound
class Box(object):
    def __init__(self, n):
        self.n = n


# in the model_fn:
box, spare = Box(3), Box(4)
box.n = 5
box = spare
h = tf.layers.dense(h, box.n)
