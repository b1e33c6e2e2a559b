# a copy of a configuration whose numbers the mode sets, read by layers, by a function and through a closure
import copy
class Config(object):
    def __init__(self):
        self.width = 3
        self.scale = 2
def scaled(t, scale):
    return t * scale
class Net(object):
    def __init__(self, config, training, t):
        config = copy.deepcopy(config)
        if not training:
            config.scale = 5
        self.out = scaled(tf.layers.dense(t, config.width), config.scale)


CONFIG = Config()
# in the model_fn:
h = Net(CONFIG, mode == 'train', h).out
