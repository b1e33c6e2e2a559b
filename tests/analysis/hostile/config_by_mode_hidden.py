# a copy of a configuration whose number the mode sets, read where nothing tells the mode
import copy
class Config(object):
    def __init__(self):
        self.width = 3
        self.scale = 2
def scale_of(config):
    return config.scale
class Net(object):
    def __init__(self, config, training, t):
        config = copy.deepcopy(config)
        if not training:
            config.scale = 5
        self.out = tf.layers.dense(t, config.width) * scale_of(config)


CONFIG = Config()
# in the model_fn:
h = Net(CONFIG, mode == 'train', h).out
