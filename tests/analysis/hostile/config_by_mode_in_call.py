# the same for an object that is called
import copy
class Config(object):
    def __init__(self):
        self.width = 3
        self.scale = 2
class Net(object):
    def __init__(self, config, training):
        self.config = copy.deepcopy(config)
        if not training:
            self.config.scale = 5
    def __call__(self, t):
        return tf.layers.dense(t, self.config.width) * self.config.scale


CONFIG = Config()
# in the model_fn:
h = Net(CONFIG, mode == 'train')(h)
