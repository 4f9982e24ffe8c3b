"""Pure functions on tensors that several rooms use."""
