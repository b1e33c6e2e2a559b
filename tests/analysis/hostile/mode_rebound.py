# the name mode bound to something else for a while
# in the model_fn:
mode_before = mode
mode = 'eval'
if mode == 'train':
    h = 5.0 * h
mode = mode_before
