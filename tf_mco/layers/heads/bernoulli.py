"""Keras layers of binary variables: posterior, likelihood and prior."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import head
from tf_mco.ops import checks

# The mean of a pixel is kept this far from 0 and 1, whose logits are infinite.
_LEAST_MEAN = 0.001


class _BernoulliHead(head.DenseHead):
  support = 'binary'

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns Bernoulli variables with the parameters as logits."""
    return distributions.Bernoulli(logits=parameters)


@keras.saving.register_keras_serializable(package='tf_mco')
class BernoulliPosterior(_BernoulliHead):
  """Maps features to the posterior of D binary latent variables.

  The density is

    q(z | x) = prod_d s[d]^z[d] (1 - s[d])^(1 - z[d]),  s = sigmoid(logits),

  where the logits, `[B, D]`, are a dense layer of the features. Samples are
  floating zeros and ones. They carry no path gradient, therefore the posterior
  is for estimators that need none, such as `disarm`, `reinforce_loo` and
  `vimco`.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.BernoulliPosterior(3)
  >>> logits = head(tf.ones([2, 7]))
  >>> logits.shape.as_list()
  [2, 3]
  >>> z = head.distribution(tf.zeros([2, 3])).sample(seed=(0, 1))
  >>> bool(tf.reduce_all((z == 0) | (z == 1)))
  True
  """


@keras.saving.register_keras_serializable(package='tf_mco')
class BernoulliLikelihood(_BernoulliHead):
  """Maps features to the likelihood of D binary observations.

  The density p(x | z) is that of `BernoulliPosterior`, with the observation x
  in place of z. Its support is 'binary': a `LatentVariableModel` refuses
  observations outside [0, 1], and by default binarizes grey pixels anew at
  every visit.

  Args:
    units: D, the number of pixels. If it is None, the features are the logits.
    mean: Optional array `[units]`, the mean of the observations, in [0, 1]. The
      bias starts at the logit of the mean, which is clipped to [0.001, 0.999]
      before, so that training need not learn the mean.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.BernoulliLikelihood(2, mean=[0.5, 0.9])
  >>> likelihood = head.distribution(head(tf.zeros([1, 3])))
  >>> [f'{mean:.2f}' for mean in likelihood.mean().numpy()[0]]
  ['0.50', '0.90']
  """

  def __init__(
    self,
    units: int | None = None,
    *,
    mean: np.ndarray | list[float] | None = None,
    bias_initializer: head.Initializer = 'zeros',
    **kwargs: Any,
  ):
    if mean is not None:
      bias_initializer = _logit_of_mean(mean, units)
    super().__init__(units, bias_initializer=bias_initializer, **kwargs)


def _logit_of_mean(
  mean: np.ndarray | list[float], units: int | None
) -> keras.initializers.Initializer:
  """Returns an initializer with the logits of the mean of the observations."""
  try:
    array = np.asarray(mean, np.float64).reshape(-1)
  except (TypeError, ValueError):  # no numbers, or a ragged list
    array = np.empty([0])
  if array.size != units or not np.all((array >= 0) & (array <= 1)):
    received = repr(mean)
    if array.size:
      received = f'{array.size} numbers from {array.min()} to {array.max()}'
    raise ValueError(
      f'`mean` must be {units} numbers in [0, 1], one per unit. Received: '
      f'{received}'
    )
  mean = np.clip(array, _LEAST_MEAN, 1 - _LEAST_MEAN)
  return keras.initializers.Constant(np.log(mean / (1 - mean)).tolist())


@keras.saving.register_keras_serializable(package='tf_mco')
class BernoulliPrior(keras.layers.Layer):
  """The prior of D independent binary variables, with trainable logits.

  The density p(z) is that of `BernoulliPosterior`, with logits that do not
  depend on anything.

  Args:
    units: D, the number of variables.
    trainable: Whether the logits are trained. They start at 0, where every
      variable is 1 with probability 1/2.
    logits_initializer: The initializer of the logits.
    **kwargs: Arguments of `keras.layers.Layer`.

  #### Example

  >>> import tf_mco
  >>> prior = tf_mco.layers.BernoulliPrior(2)
  >>> prior.distribution().mean().numpy().tolist()
  [0.5, 0.5]
  """

  support = 'binary'

  def __init__(
    self,
    units: int,
    *,
    logits_initializer: head.Initializer = 'zeros',
    **kwargs: Any,
  ):
    super().__init__(**kwargs)
    self.units = checks.at_least('units', units, 1)
    self.logits_initializer = keras.initializers.get(logits_initializer)
    self.logits: keras.Variable | None = None

  def build(self, input_shape: head.Shape | None = None) -> None:
    """Makes the logits, `[units]`, in float32 under half precision."""
    del input_shape
    self.logits = self.add_weight(
      name='logits',
      shape=(self.units,),
      dtype=head.full_precision(self.variable_dtype),
      initializer=self.logits_initializer,
      autocast=False,
    )
    self.built = True

  def call(self, inputs: tf.Tensor | None = None) -> tf.Tensor:
    """Returns the logits, `[units]`; the input is not used."""
    del inputs
    return tf.convert_to_tensor(self.logits)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    if not self.built:
      self.build()
    return tfd.Independent(
      distributions.Bernoulli(logits=tf.convert_to_tensor(self.logits)),
      reinterpreted_batch_ndims=1,
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'units': self.units,
      'logits_initializer': keras.initializers.serialize(
        self.logits_initializer
      ),
    }
