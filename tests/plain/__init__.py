"""Sources in plainer words: canned estimators written out."""
