"""The one place where TensorFlow Probability is imported.

A change of its release touches this file only.
"""

import tensorflow_probability as tfp

stats = tfp.stats
tfb = tfp.bijectors
tfd = tfp.distributions
util = tfp.util
math = tfp.math
