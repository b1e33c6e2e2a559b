# a copy of a configuration that an object keeps, whose numbers the mode sets
import copy
class Config(object):
    def __init__(self):
        self.width = 3
        self.scale = 2
class Net(object):
    def __init__(self, config, training, t):
        self.config = copy.deepcopy(config)
        self.training = training
        if not training:
            self.config.scale = 5
        self.config.width = 2
        self.out = tf.layers.dense(t, self.config.width) * self.config.scale


CONFIG = Config()
# in the model_fn:
h = Net(CONFIG, mode == 'train', h).out
