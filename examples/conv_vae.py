"""A convolutional architecture of your own, trained with `model.fit`.

python -m examples.conv_vae                  # 8x8 digits, less than a minute
python -m examples.conv_vae --data=mnist --epochs=5
"""

from __future__ import annotations

import math

from absl import app
from absl import flags
import keras

from experiments.data import datasets
import tf_mco

_LATENTS = 16


def make_encoder(height: int, width: int) -> keras.Model:
  """Returns q(z | x): images `[B, H, W, 1]` to means and log-scales."""
  conv, options = keras.layers.Conv2D, {'padding': 'same', 'activation': 'relu'}
  return keras.Sequential(
    [
      keras.Input((height, width, 1)),
      conv(32, 3, strides=2, **options),
      conv(64, 3, strides=2, **options),
      keras.layers.Flatten(),
      tf_mco.layers.GaussianPosterior(_LATENTS),
    ]
  )


def make_decoder(height: int, width: int) -> keras.Model:
  """Returns p(x | z): codes `[N, D]` to the logits of images."""
  up, small = keras.layers.Conv2DTranspose, (height // 4, width // 4, 64)
  return keras.Sequential(
    [
      keras.Input((_LATENTS,)),
      keras.layers.Dense(math.prod(small), activation='relu'),
      keras.layers.Reshape(small),
      up(32, 3, strides=2, padding='same', activation='relu'),
      up(1, 3, strides=2, padding='same'),
      tf_mco.layers.BernoulliLikelihood(),  # It takes its input as logits.
    ]
  )


def train(data: str, epochs: int) -> tuple[float, keras.Model]:
  """Returns the 100-sample bound of the test images in nats, and the model."""
  images = datasets.load(data)
  height, width = images.image_shape
  x, test = (
    part.reshape(-1, height, width, 1) for part in (images.train, images.test)
  )
  model = tf_mco.models.LatentVariableModel(
    encoder=make_encoder(height, width),
    decoder=make_decoder(height, width),
    prior=tf_mco.layers.GaussianPrior(_LATENTS),
    estimator=tf_mco.estimators.Dreg(num_samples=5),
  )
  # On a CPU, convolutions that XLA compiles take longer.
  model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
  model.fit(x, batch_size=50, epochs=epochs, verbose=2)
  bounds = tf_mco.evaluation.log_likelihood_bounds(model, test, num_samples=100)
  return float(bounds.mean()), model


def main(argv: list[str]) -> None:
  """Trains, and prints the bound."""
  del argv
  bound, _ = train(flags.FLAGS.data, flags.FLAGS.epochs)
  print(f'test images, 100 samples: {bound:.2f} nats')


if __name__ == '__main__':
  flags.DEFINE_enum('data', 'digits', ['digits', 'mnist'], 'The images.')
  flags.DEFINE_integer('epochs', 20, 'Passes over them.')
  app.run(main)
