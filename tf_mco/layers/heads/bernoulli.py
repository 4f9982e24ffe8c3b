"""Keras layers of binary variables: posterior, likelihood and prior."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import head


class _BernoulliHead(head.DenseHead):
  support = 'binary'

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns Bernoulli variables with the parameters as logits."""
    return distributions.Bernoulli(logits=parameters)


@keras.saving.register_keras_serializable(package='tf_mco')
class BernoulliPosterior(_BernoulliHead):
  """Features to the logits of D binary latent variables, q(z | x).

  `layer(features)` returns logits `[B, units]`; `.distribution(logits)` is
  Independent Bernoulli with floating samples.
  """


@keras.saving.register_keras_serializable(package='tf_mco')
class BernoulliLikelihood(_BernoulliHead):
  """Features to the logits of binary data, p(x | z).

  Args:
    units: the number of pixels, or None if the features are the logits.
    mean: optional `[units]` array, the mean of the data in [0, 1]. The bias
      starts at its logit, clipped to [0.001, 0.999].
  """

  def __init__(
    self,
    units: int | None = None,
    *,
    mean: Any = None,
    bias_initializer: Any = 'zeros',
    **kwargs: Any,
  ):
    if mean is not None:
      bias_initializer = _logit_of_mean(mean, units)
    super().__init__(units, bias_initializer=bias_initializer, **kwargs)


def _logit_of_mean(
  mean: Any, units: int | None
) -> keras.initializers.Initializer:
  mean = np.asarray(mean, np.float64).reshape(-1)
  if mean.size != units or not np.all((mean >= 0) & (mean <= 1)):
    raise ValueError(
      f'`mean` must be {units} numbers in [0, 1], one per unit. Received: '
      f'{mean.size} numbers from {mean.min()} to {mean.max()}'
    )
  mean = np.clip(mean, 0.001, 0.999)
  return keras.initializers.Constant(np.log(mean / (1 - mean)).tolist())


@keras.saving.register_keras_serializable(package='tf_mco')
class BernoulliPrior(keras.layers.Layer):
  """D independent binary variables, p(z), with trainable logits.

  Args:
    units: D.
    trainable: whether the logits, 0 at first, are trained.
    logits_initializer: of the logits.
    **kwargs: of `keras.layers.Layer`.
  """

  def __init__(
    self,
    units: int,
    *,
    logits_initializer: Any = 'zeros',
    **kwargs: Any,
  ):
    super().__init__(**kwargs)
    self.units = units
    self.logits_initializer = keras.initializers.get(logits_initializer)
    self.logits: Any = None

  def build(self, input_shape: Any = None) -> None:
    """Makes the logits, `[units]`, float32 under any policy."""
    del input_shape
    self.logits = self.add_weight(
      name='logits',
      shape=(self.units,),
      dtype='float64' if self.variable_dtype == 'float64' else 'float32',
      initializer=self.logits_initializer,
      autocast=False,
    )
    self.built = True

  def call(self, inputs: Any = None) -> tf.Tensor:
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
