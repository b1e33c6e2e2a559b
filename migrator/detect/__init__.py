"""From source to the program model: model_fns, Estimators, and what is done with them."""
