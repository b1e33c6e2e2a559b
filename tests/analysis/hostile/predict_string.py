# never equal: PREDICT is 'infer'
# in the model_fn:
if mode == 'predict':
    h = 100.0 * h
else:
    h = 3.0 * h
