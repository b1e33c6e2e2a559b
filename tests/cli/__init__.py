"""The command line and one whole run, with a stand-in for the converter and the verifier."""
