"""Bad arguments of functions of log-weights: ValueErrors that name them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.ops import bounds

_LOG_W = np.array([[0.3], [-1.2], [2.0], [0.5]])
_BETAS = (0, 0.25, 0.5, 1)


@pytest.mark.parametrize('order', [-1, 4, 9, True, 1.5, 'two', None])
def test_order_of_jackknife(order: Any) -> None:
  message = rf'`order` .*\[0, K\) = \[0, 4\).*Received: order={order!r}'
  with pytest.raises(ValueError, match=message):
    bounds.jackknife(_LOG_W, order)


def test_whole_float_as_order_of_jackknife() -> None:
  with pytest.raises(ValueError, match='order=1.0'):
    bounds.jackknife(_LOG_W, 1.0)


@pytest.mark.parametrize('n', [1, 0.5, -1, math.inf, math.nan])
def test_n_of_cubo(n: float) -> None:
  with pytest.raises(ValueError, match=rf'`n` .*> 1.*Received: n={n!r}'):
    bounds.cubo(_LOG_W, n)


@pytest.mark.parametrize(
  'betas',
  [
    (),
    (0,),
    (0, 0.5),
    (0.1, 1),
    (0, 0.5, 0.5, 1),
    (0, 0.7, 0.2, 1),
    (0, 2, 1),
    (0, math.nan, 1),
  ],
)
def test_betas_of_tvo(betas: tuple[float, ...]) -> None:
  with pytest.raises(ValueError, match=r'from 0 to 1.*Received: betas=\['):
    bounds.tvo(_LOG_W, betas)


def test_rule_of_tvo() -> None:
  message = "`rule` .*'left', 'right', 'trapezoid'.*Received: rule='middle'"
  with pytest.raises(ValueError, match=message):
    bounds.tvo(_LOG_W, _BETAS, 'middle')


@pytest.mark.parametrize(
  'function',
  [
    lambda log_w: bounds.jackknife(log_w, 1),
    lambda log_w: bounds.cubo(log_w, 2),
    lambda log_w: bounds.tvo(log_w, _BETAS),
  ],
)
def test_shape(function: Any) -> None:
  with pytest.raises(ValueError, match=r'\[K, B\].*shape=\(4,\)'):
    function(_LOG_W[:, 0])
  unknown = tf.function(function).get_concrete_function
  with pytest.raises(ValueError, match=r'static K.*shape=\(None, 2\)'):
    unknown(tf.TensorSpec([None, 2], tf.float64))
