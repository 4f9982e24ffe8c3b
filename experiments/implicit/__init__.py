"""Implicit reparameterization: VAEs and the Dirichlet study."""
