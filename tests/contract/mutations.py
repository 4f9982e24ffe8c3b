"""Faults to plant in tf_mco, and the check of the contract that finds each."""

from __future__ import annotations

from tests.testing import behaviour_checks
from tests.testing import exact_checks
from tests.testing import fault
from tests.testing import faulty
from tests.testing import faulty_draws
from tests.testing import frequency_checks
from tf_mco.estimators import antithetic
from tf_mco.estimators import antithetic_paths
from tf_mco.estimators import coupling
from tf_mco.estimators import local_disarm
from tf_mco.estimators import reinforce
from tf_mco.estimators import score_function
from tf_mco.estimators import vimco
from tf_mco.ops import gradients
from tf_mco.ops import log_weights
from tf_mco.posteriors import chain
from tf_mco.posteriors import protocol

_MEAN = exact_checks.check_all_moments
_VARIANCE = exact_checks.check_variance
_SURROGATE = behaviour_checks.check_surrogate
_BATCH = behaviour_checks.check_batch_invariance
_DRAW = frequency_checks.check_draw_frequencies
_UNIFORM = frequency_checks.check_uniform
_SEEDS = behaviour_checks.check_seeds
_EVALUATIONS = behaviour_checks.check_evaluations

_VIMCO = fault.case_of('vimco', 3)
_ARITHMETIC = fault.case_of('vimco', 3, options=(('baseline', 'arithmetic'),))
_LOO = fault.case_of('reinforce_loo', 3)
_ARM = fault.case_of('arm', 1)
_DISARM = fault.case_of('disarm', 1)
_DISARMS = fault.case_of('disarm', 3)
_LOCAL = fault.case_of('local_disarm', 3)
_SYMMETRIZED = fault.case_of(
  'local_disarm', 3, options=(('symmetrized', True),)
)
_REINFORCE_2 = fault.case_of('reinforce', 1, (2, 1))
_DISARM_2 = fault.case_of('disarm', 1, (2, 1))
_LOCAL_2 = fault.case_of('local_disarm', 1, (2, 1))

FAULTS = [
  *fault.group(
    vimco,
    '_surrogate',
    _VIMCO,
    ('path term dropped', faulty.vimco_no_path, _MEAN),
    ('signal not stopped', faulty.vimco_attached, _MEAN),
    ('baseline added', faulty.vimco_plus, _VARIANCE),
    ('weights not stopped', faulty.vimco_weights_attached, _SURROGATE),
  ),
  *fault.group(
    log_weights,
    'vimco_baseline',
    _VIMCO,
    ('baseline of the batch', faulty.batch_mean, _BATCH),
    ('baseline of the batch', faulty.batch_mean, _VARIANCE),
    ('no 1/K in the baseline', faulty.plus_log_k, _VARIANCE),
    ('arithmetic for geometric', faulty.arithmetic, _VARIANCE),
  ),
  *fault.group(
    log_weights,
    'log_mean_exp',
    _VIMCO,
    ('no 1/K in the bound', faulty.plus_log_k_of_bound, _MEAN),
  ),
  *fault.group(
    log_weights,
    'leave_one_out_logsumexp',
    _ARITHMETIC,
    ('own weight in the baseline', faulty.all_weights, _MEAN),
  ),
  *fault.group(
    log_weights,
    'leave_one_out_mean',
    _VIMCO,
    ('own weight in the mean', faulty.mean_of_all, _MEAN),
  ),
  *fault.group(
    reinforce,
    'score_surrogate',
    _LOO,
    ('K for K - 1', faulty.k_for_k_minus_1, _MEAN),
    ('signal not stopped', faulty.attached_scores, _MEAN),
  ),
  *fault.group(
    score_function.ScoreMean,
    'surrogate',
    _LOO,
    ('direct term kept', faulty.direct_term, _VARIANCE),
  ),
  *fault.group(
    coupling,
    'disarm_gradient',
    _DISARM,
    ('no sigmoid', faulty.disarm_without_sigmoid, _MEAN),
    ('sigmoid(logits)', faulty.disarm_without_abs, _MEAN),
    ('wrong sign', faulty.negated, _MEAN),
    ('no 1/2', faulty.doubled, _MEAN),
    ('no mask', faulty.disarm_without_mask, _VARIANCE),
  ),
  *fault.group(
    coupling,
    'arm_gradient',
    _ARM,
    ('u for u - 1/2', faulty.arm_uncentred, _VARIANCE),
  ),
  *fault.group(
    antithetic,
    'carry',
    _DISARMS,
    ('sum for mean over pairs', faulty.sum_over_pairs, _MEAN),
  ),
  *fault.group(
    antithetic,
    'carry',
    _LOCAL,
    ('mean for sum over pairs', faulty.mean_over_pairs, _MEAN),
  ),
  *fault.group(
    protocol,
    'log_prob',
    _LOCAL,
    ('path term dropped', faulty.stopped, _MEAN),
  ),
  *fault.group(
    local_disarm,
    '_swapped',
    _SYMMETRIZED,
    ('samples not swapped', faulty_draws.samples_not_swapped, _MEAN),
    ('weights not swapped', faulty_draws.weights_not_swapped, _MEAN),
    ('all replaced at once', faulty_draws.all_replaced, _VARIANCE),
  ),
  *fault.group(
    local_disarm.LocalDisarm,
    '_bound',
    _SYMMETRIZED,
    ('no path term of a half', faulty_draws.first_half_only, _MEAN),
  ),
  *fault.group(
    chain.Chain,
    'log_probs',
    _REINFORCE_2,
    ('no score of layer 2', faulty_draws.first_score_only, _MEAN),
    ('layer 2 not scored', faulty_draws.first_layer_only, _MEAN),
  ),
  *fault.group(
    antithetic,
    'carry',
    _DISARM_2,
    ("another layer's prefix", faulty_draws.prefix_of_first_layer, _MEAN),
  ),
  *fault.group(
    antithetic,
    'unstack',
    _LOCAL_2,
    ("another layer's values", faulty_draws.layers_reversed, _MEAN),
  ),
  *fault.group(
    antithetic.AntitheticPairs,
    'evaluations',
    _DISARM_2,
    ('layers not counted', faulty_draws.one_layer, _EVALUATIONS),
  ),
  *fault.group(
    gradients,
    'with_gradient_of',
    _LOO,
    ('value is the carrier', faulty_draws.no_graft, _SURROGATE),
  ),
  *fault.group(
    coupling,
    'antithetic_bernoulli',
    _DISARM,
    ('halves exchanged', faulty_draws.halves_exchanged, _UNIFORM),
    ('not antithetic', faulty_draws.equal_halves, _DRAW),
  ),
  *fault.group(
    antithetic_paths,
    '_pair',
    _DISARM_2,
    ('randomness not shared', faulty_draws.not_shared, _DRAW),
  ),
  *fault.group(
    protocol,
    'sample_stopped',
    _LOO,
    ('seed ignored', faulty_draws.seed_ignored, _SEEDS),
    ('one draw for all', faulty_draws.one_example, _DRAW),
    ('samples not independent', faulty_draws.one_sample, _DRAW),
  ),
]
