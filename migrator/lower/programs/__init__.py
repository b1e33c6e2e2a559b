"""The program around its models: constructions, training, input functions, settings, serving."""
