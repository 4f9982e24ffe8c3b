"""Binary latent variables: the experiments of the DisARM paper."""
