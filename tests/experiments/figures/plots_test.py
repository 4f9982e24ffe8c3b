"""Tests of the plots: what is drawn, read back from figures and pixels."""

import subprocess
import sys

from matplotlib import image as mpl_image
import numpy as np
import pytest

from experiments.figures import plots
from experiments.figures import style

_STEPS = list(range(1_000, 101_000, 1_000))
_METRICS = [
  {
    'step': step,
    'train_bound': -100.0 - 400.0 * np.exp(-step / 1_000),
    'gradient_variance': 1.0 / step,
  }
  | ({'valid_bound': -101.0} if step % 10_000 == 0 else {})
  for step in _STEPS
]


@pytest.fixture(name='drawn')
def _drawn(monkeypatch):
  """The figures that are saved, and saved they are."""
  saved = []
  save = style.save

  def keep(figure, path):
    saved.append(figure)
    save(figure, path)

  monkeypatch.setattr(style, 'save', keep)
  return saved


def _grey(path):
  """Returns the pixels of a PNG as `[H, W]` in [0, 1]."""
  pixels = mpl_image.imread(path)
  np.testing.assert_array_equal(pixels[..., 0], pixels[..., 1])
  return pixels[..., 0]


def test_learning_curve_with_variance(drawn, tmp_path):
  path = tmp_path / 'curve.png'
  plots.learning_curve(_METRICS, path)
  above, below = drawn[0].axes
  train, valid = above.get_lines()
  np.testing.assert_array_equal(train.get_xdata(), _STEPS)
  np.testing.assert_array_equal(
    train.get_ydata(), [line['train_bound'] for line in _METRICS]
  )
  np.testing.assert_array_equal(valid.get_xdata(), _STEPS[9::10])
  labels = [text.get_text() for text in above.get_legend().get_texts()]
  assert labels == ['training (last: -100.00)', 'validation (last: -101.00)']
  assert 'nats' in above.get_ylabel()
  assert below.get_yscale() == 'log'
  assert above.get_yscale() == 'linear'
  np.testing.assert_allclose(
    below.get_lines()[0].get_ydata(), 1 / np.array(_STEPS)
  )
  assert mpl_image.imread(path).shape[0] > 600


def test_learning_curve_shows_what_follows_the_first_steps(drawn, tmp_path):
  plots.learning_curve(_METRICS, tmp_path / 'curve.png')
  low, high = drawn[0].axes[0].get_ylim()
  assert -101.1 < low < -101
  assert -100 < high < -99.9


def test_learning_curve_of_one_line_and_of_nan(drawn, tmp_path):
  plots.learning_curve(_METRICS[:1], tmp_path / 'one.png')
  plots.learning_curve(
    [{'step': s, 'train_bound': float('nan')} for s in (1, 2)],
    tmp_path / 'nan.png',
  )
  assert [len(figure.axes) for figure in drawn] == [2, 1]
  # A single point is drawn as one: a line would not be seen.
  assert drawn[0].axes[0].get_lines()[0].get_marker() == 'o'


def test_learning_curve_under_other_names(drawn, tmp_path):
  metrics = [{'step': 1, 'elbo': -3.0}, {'step': 2, 'elbo': -2.0}]
  plots.learning_curve(metrics, tmp_path / 'curve.png', train='elbo')
  (axes,) = drawn[0].axes
  assert len(axes.get_lines()) == 1
  with pytest.raises(ValueError, match=r"\['elbo', 'step'\]"):
    plots.learning_curve(metrics, tmp_path / 'curve.png')


def test_lines(drawn, tmp_path):
  series = {f'estimator {i}': ([1, 10, 100], [i + 1, 2, 3]) for i in range(9)}
  options = {'xlabel': 'K', 'ylabel': 'variance', 'title': 'Variances'}
  plots.lines(series, tmp_path / 'lines.png', **options, logx=True, logy=True)
  (axes,) = drawn[0].axes
  assert (axes.get_xscale(), axes.get_yscale()) == ('log', 'log')
  assert (axes.get_xlabel(), axes.get_ylabel()) == ('K', 'variance')
  assert axes.get_title(loc='left') == 'Variances'
  styles = {(line.get_color(), line.get_linestyle()) for line in axes.lines}
  assert len(styles) == 9
  (legend,) = drawn[0].legends
  assert [text.get_text() for text in legend.get_texts()] == list(series)
  plots.lines({'a': ([1], [2])}, tmp_path / 'line.png', **options)
  assert drawn[1].axes[0].get_xscale() == 'linear'


@pytest.mark.parametrize(
  ('series', 'message'),
  [({}, 'Received: none'), ({'a': ([1, 2], [1])}, "2 and 1 in 'a'")],
)
def test_lines_of_nothing_or_of_unequal_length(series, message, tmp_path):
  with pytest.raises(ValueError, match=message):
    plots.lines(series, tmp_path / 'x.png', xlabel='x', ylabel='y')


def test_image_grid_pixel_by_pixel(tmp_path):
  images = np.random.RandomState(0).randint(0, 256, (5, 28, 42)) / 255
  plots.image_grid(images, tmp_path / 'grid.png', columns=2)
  pixels = _grey(tmp_path / 'grid.png')
  # Doubled, since 84 // 42 = 2, with gaps of 3.
  assert pixels.shape == (3 * (56 + 3) + 3, 2 * (84 + 3) + 3)
  for index, image in enumerate(images):
    top, left = 3 + index // 2 * 59, 3 + index % 2 * 87
    tile = pixels[top : top + 56, left : left + 84]
    # A byte of the picture may be the next one below, and no more.
    np.testing.assert_allclose(tile[::2, ::2], image, atol=1.5 / 255)
    np.testing.assert_array_equal(tile[::2, ::2], tile[1::2, 1::2])
  empty = pixels[3 + 2 * 59 :, 3 + 87 :]
  assert np.ptp(empty) == 0
  assert 0.2 < empty[0, 0] < 0.5


def test_one_image_is_not_stretched_to_all_columns(tmp_path):
  plots.image_grid(np.ones((1, 84, 84)), tmp_path / 'one.png', columns=10)
  assert _grey(tmp_path / 'one.png').shape == (90, 90)


def test_image_of_full_range_is_not_rescaled(tmp_path):
  plots.image_grid(np.full((1, 84, 84), 0.5), tmp_path / 'one.png', columns=1)
  assert abs(_grey(tmp_path / 'one.png')[40, 40] - 0.5) < 1 / 255


def test_reconstructions_are_below_their_originals(drawn, tmp_path):
  originals = np.linspace(0.6, 1, 13)[:, None, None] * np.ones((13, 28, 28))
  plots.reconstructions(originals, 1 - originals, tmp_path / 'pairs.png')
  first, second = drawn[0].axes
  labels = [label.get_text() for label in first.get_yticklabels()]
  assert labels == ['data', 'model']
  band = np.asarray(first.get_images()[0].get_array())
  last = np.asarray(second.get_images()[0].get_array())
  assert band.shape == (2 * 87 + 3, 10 * 87 + 3)
  assert last.shape == (2 * 87 + 3, 3 * 87 + 3)
  for index, level in enumerate(originals[:, 0, 0]):
    tiles, column = (band, index) if index < 10 else (last, index - 10)
    middle = 3 + column * 87 + 42
    assert tiles[45, middle] == pytest.approx(level)
    assert tiles[45 + 87, middle] == pytest.approx(1 - level)
  # An axis counts pixels downwards: the ticks are where the rows are.
  assert list(first.get_yticks()) == [band.shape[0] / 4, band.shape[0] * 3 / 4]
  assert first.get_ylim()[0] > first.get_ylim()[1]
  assert second.get_xlim() == first.get_xlim()


@pytest.mark.parametrize(
  ('images', 'message'),
  [
    (np.full((2, 3, 3), 255.0), r'values in \[255.0, 255.0\]'),
    (np.full((2, 3, 3), -0.1), r'values in \[-0.1, -0.1\]'),
    (np.full((2, 3, 3), np.nan), r'values in \[nan, nan\]'),
    (np.zeros((2, 9)), r'shape \(2, 9\)'),
    (np.zeros((0, 3, 3)), r'shape \(0, 3, 3\)'),
  ],
)
def test_images_of_another_kind(images, message, tmp_path):
  with pytest.raises(ValueError, match=message):
    plots.image_grid(images, tmp_path / 'x.png', columns=1)
  with pytest.raises(ValueError, match=message):
    plots.reconstructions(images, images, tmp_path / 'x.png')


def test_wrong_columns_and_unequal_shapes(tmp_path):
  images = np.zeros((2, 3, 3))
  with pytest.raises(ValueError, match='columns=0'):
    plots.image_grid(images, tmp_path / 'x.png', columns=0)
  with pytest.raises(ValueError, match=r'\(2, 3, 3\) and \(1, 3, 3\)'):
    plots.reconstructions(images, images[:1], tmp_path / 'x.png')


def test_pyplot_is_not_touched():
  code = (
    'import sys\nfrom experiments.figures import plots\n'
    'plots.lines({"a": ([1], [1])}, sys.argv[1], xlabel="", ylabel="")\n'
    'sys.exit("matplotlib.pyplot" in sys.modules)'
  )
  subprocess.run([sys.executable, '-c', code, '/dev/null'], check=True)
