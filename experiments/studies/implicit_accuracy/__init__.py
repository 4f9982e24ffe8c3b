"""How exact the implicit derivative of a Gamma sample is."""
