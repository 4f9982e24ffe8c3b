"""Keras layers: heads, priors and the objective.

A head maps features to the parameters of a distribution; a prior holds the
distribution of the latent variables; `MonteCarloObjective` puts networks, prior
and estimator together.
"""

from tf_mco.layers.heads.bag_of_words import BagOfWordsLikelihood
from tf_mco.layers.heads.bernoulli import BernoulliLikelihood
from tf_mco.layers.heads.bernoulli import BernoulliPosterior
from tf_mco.layers.heads.bernoulli import BernoulliPrior
from tf_mco.layers.heads.beta import BetaPosterior
from tf_mco.layers.heads.beta import BetaPrior
from tf_mco.layers.heads.dirichlet import DirichletPosterior
from tf_mco.layers.heads.dirichlet import DirichletPrior
from tf_mco.layers.heads.gamma import GammaPosterior
from tf_mco.layers.heads.gamma import GammaPrior
from tf_mco.layers.heads.gaussian import GaussianLikelihood
from tf_mco.layers.heads.gaussian import GaussianPosterior
from tf_mco.layers.heads.gaussian import GaussianPrior
from tf_mco.layers.heads.gaussian import LogisticLikelihood
from tf_mco.layers.heads.hamiltonian import HamiltonianPosterior
from tf_mco.layers.heads.head import DenseHead
from tf_mco.layers.heads.head import Head
from tf_mco.layers.heads.prior import Prior
from tf_mco.layers.heads.von_mises import VonMisesPosterior
from tf_mco.layers.heads.von_mises import VonMisesPrior
from tf_mco.layers.objective.objective import MonteCarloObjective

__all__ = [
  'BagOfWordsLikelihood',
  'BernoulliLikelihood',
  'BernoulliPosterior',
  'BernoulliPrior',
  'BetaPosterior',
  'BetaPrior',
  'DenseHead',
  'DirichletPosterior',
  'DirichletPrior',
  'GammaPosterior',
  'GammaPrior',
  'GaussianLikelihood',
  'GaussianPosterior',
  'GaussianPrior',
  'HamiltonianPosterior',
  'Head',
  'LogisticLikelihood',
  'MonteCarloObjective',
  'Prior',
  'VonMisesPosterior',
  'VonMisesPrior',
]
