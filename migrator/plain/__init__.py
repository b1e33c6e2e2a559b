"""Legacy sources in plainer words of the same library: what the rest of the pipeline then follows."""
