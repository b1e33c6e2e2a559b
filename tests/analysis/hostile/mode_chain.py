# chained comparisons of the mode
# in the model_fn:
if 'train' == mode == 'eval':
    h = 7.0 * h
if 'a' < mode <= 'infer':
    h = 3.0 * h
