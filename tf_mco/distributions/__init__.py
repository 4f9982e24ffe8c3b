"""TFP distributions made fast and robust for the estimators.

The classes are drop-in replacements of the TFP classes of the same names.
`sample` and `log_prob` draw from any distribution and score its samples,
`unwrap` looks inside `tfd.Independent`, `support_of` names the values that a
distribution draws and scores, and `implicit` makes samples differentiable.
"""

from tf_mco.distributions import divergences
from tf_mco.distributions.autoregressive import Autoregressive
from tf_mco.distributions.bernoulli import Bernoulli
from tf_mco.distributions.beta import Beta
from tf_mco.distributions.dirichlet import Dirichlet
from tf_mco.distributions.gamma import Gamma
from tf_mco.distributions.gamma import InverseGamma
from tf_mco.distributions.implicit import implicit
from tf_mco.distributions.mixture import MixtureSameFamily
from tf_mco.distributions.sampling import log_prob
from tf_mco.distributions.sampling import sample
from tf_mco.distributions.sampling import unwrap
from tf_mco.distributions.student_t import StudentT
from tf_mco.distributions.supports import support_of
from tf_mco.distributions.truncated_normal import TruncatedNormal
from tf_mco.distributions.von_mises import VonMises
from tf_mco.distributions.word_counts import WordCounts

__all__ = [
  'Autoregressive',
  'Bernoulli',
  'Beta',
  'Dirichlet',
  'Gamma',
  'InverseGamma',
  'MixtureSameFamily',
  'StudentT',
  'TruncatedNormal',
  'VonMises',
  'WordCounts',
  'divergences',
  'implicit',
  'log_prob',
  'sample',
  'support_of',
  'unwrap',
]
