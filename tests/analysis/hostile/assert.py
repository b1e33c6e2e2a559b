# assert and raise on parameters
# in the model_fn:
assert params['width'] > 0
if params['depth'] > 9:
    raise ValueError('too deep')
