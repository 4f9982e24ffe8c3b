"""The latent variables that a model uses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_mco import models
from tf_mco import random
from tf_mco import types
from tf_mco.distributions import sampling

# A unit is active if the variance of its mean is larger; the threshold of the
# paper, which found that the variances lie far on either side of it.
THRESHOLD = 0.01


def unit_variances(
  model: models.LatentVariableModel,
  x: np.ndarray | tf.Tensor,
  *,
  seed: types.Seed,
) -> list[np.ndarray]:
  """Returns the variance over the observations of each unit's posterior mean.

  For unit u of the first stochastic layer this is

    A[u] = Var_x(E[z[u]]),  z ~ q(z | x).

  The mean in a layer above the first is conditional on one sample of the layers
  below. Observations that the model binarizes are binarized once.

  Args:
    model: A built `LatentVariableModel` whose posteriors have a mean.
    x: Observations, `[N, ...]`, as given to `fit`.
    seed: An integer or an int32 `[2]` tensor.
  Returns:
    An array `[D]` for each stochastic layer.

  Reference: Burda, Grosse and Salakhutdinov (2016), arXiv:1509.00519,
    section 5.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> model = tf_mco.models.LatentVariableModel(
  ...   tf_mco.layers.BernoulliPosterior(3),
  ...   tf_mco.layers.BernoulliLikelihood(6),
  ...   tf_mco.layers.BernoulliPrior(3),
  ...   'disarm',
  ... )
  >>> model.build((None, 6))
  >>> x = np.eye(6)
  >>> variances = tf_mco.evaluation.unit_variances(model, x, seed=1)
  >>> [layer.shape for layer in variances]
  [(3,)]
  """
  data_seed, seed = random.split(seed, 2)
  conditional = model.encode_batch(x, seed=data_seed).first_posterior
  means = [conditional.mean()]
  sample = sampling.sample(conditional, [1], seed=seed)
  for layer in range(1, model.num_layers):
    conditional = model.encoder_conditional(layer).distribution(sample)
    means.append(conditional.mean()[0])
    sample = sampling.sample(conditional, [], seed=random.fold_in(seed, layer))
  return [np.var(mean.numpy(), axis=0) for mean in means]


def active_units(variances: Sequence[np.ndarray]) -> list[np.ndarray]:
  """Returns for each unit whether its mean varies by more than 0.01.

  A unit whose mean hardly depends on the observation is not used: the posterior
  of that unit has collapsed to the prior.

  Args:
    variances: The result of `unit_variances`, `[D]` for each stochastic layer.
  Returns:
    An array of booleans, `[D]`, for each stochastic layer.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> (active,) = tf_mco.evaluation.active_units([np.array([0.5, 0.001])])
  >>> active.tolist()
  [True, False]
  """
  if not isinstance(variances, (list, tuple)) or not all(
    map(_are_variances, variances)
  ):
    raise ValueError(
      '`variances` must be a list of arrays [D], one for each stochastic '
      'layer, as `unit_variances` returns them. Received: '
      f'variances={variances!r}'
    )
  return [np.asarray(variance) > THRESHOLD for variance in variances]


def _are_variances(value: object) -> bool:
  """Returns whether a value is an array `[D]` of numbers >= 0."""
  array = np.asarray(value)
  numbers = array.dtype.kind in 'iuf' and array.ndim == 1
  return numbers and bool(np.all((array >= 0) & np.isfinite(array)))
