"""Exact variances of the posterior's gradient, to notice a change of them.

The variances are summed over the posterior's parameters; there is one number
per example. They come from the papers' formulas in NumPy, not from `tf_mco`.
Those of binary variables are sums over every draw of the toy problem. Those of
real variables are integrals with 60 nodes per noise variable, and 20 for the
chain: all digits are those of 50 nodes, and of 18 for the chain.
"""

VARIANCES = {
  'reinforce-1-1layers': (1.56440163997, 1.77212887708, 2.86783909842),
  'reinforce-1-2layers': (1.4226919946, 3.1529835332, 1.80082178866),
  'reinforce_loo-2-1layers': (2.28301004911, 0.364164216371, 1.38455405756),
  'reinforce_loo-2-2layers': (0.44665185986, 1.90981142975, 1.4540819117),
  'vimco-geometric-2-1layers': (2.67994122847, 0.263988089726, 1.64528495569),
  'vimco-geometric-2-2layers': (0.5102388196, 1.74522397409, 1.05730582533),
  'vimco-arithmetic-2-1layers': (2.67994122847, 0.263988089726, 1.64528495569),
  'vimco-arithmetic-2-2layers': (0.5102388196, 1.74522397409, 1.05730582533),
  'arm-1-1layers': (1.85801004353, 0.267850156251, 1.18100872218),
  'arm-1-2layers-shared': (0.407178952048, 1.63677920173, 1.10973677807),
  'disarm-1-1layers': (1.31541923457, 0.181227003487, 1.11172044744),
  'disarm-1-2layers-shared': (0.36427875383, 1.53387820194, 1.03623129757),
  'local_disarm-False-1-1layers': (
    1.30726894889,
    0.377475527949,
    1.04555328493,
  ),
  'local_disarm-False-1-2layers-shared': (
    0.748973297557,
    1.62932647091,
    1.07772935577,
  ),
  'local_disarm-True-1-1layers': (
    0.981830738737,
    0.0878983863571,
    0.826953434342,
  ),
  'local_disarm-True-1-2layers-shared': (
    0.548922327601,
    1.43898796891,
    0.89316526876,
  ),
  'reinforce-3-1layers': (0.521467213323, 0.590709625695, 0.95594636614),
  'reinforce_loo-3-1layers': (0.985942802293, 0.15922808479, 0.744888458982),
  'vimco-geometric-3-1layers': (1.33850662114, 0.113232849757, 1.46649946757),
  'vimco-arithmetic-3-1layers': (1.53679440031, 0.152979459117, 1.56155882732),
  'arm-3-1layers': (0.619336681178, 0.0892833854171, 0.393669574059),
  'disarm-3-1layers': (0.43847307819, 0.0604090011624, 0.37057348248),
  'local_disarm-False-3-1layers': (
    1.30148285653,
    0.277735024618,
    1.15414348481,
  ),
  'local_disarm-True-3-1layers': (
    0.489655054927,
    0.0596389455654,
    0.704485511559,
  ),
  # Real variables, at K = 2.
  'elbo-2-normal': (2.15001943353, 1.81306447188, 1.63730447257),
  'iwae-2-normal': (2.30011316519, 2.12713430667, 1.33216622664),
  'stl-2-normal': (0.0106637728031, 0.0341279433395, 0.0157217186492),
  'dreg-2-normal': (0.00320558425739, 0.0104597187654, 0.00339220493876),
  'rws_dreg-2-normal': (0.00223585577916, 0.0069856132221, 0.00459322006475),
  'rws-2-normal': (2.54364564167, 2.69671665171, 1.06001972382),
  'aisle-chi2-2-normal': (0.0512893481183, 0.167355500246, 0.0542752790201),
  'renyi-2-normal': (2.2048056812, 1.93341864933, 1.50359834226),
  'elbo-2-chain': (6.06884551669, 5.0355098428),
  'iwae-2-chain': (5.63975496713, 5.50198805979),
  'stl-2-chain': (0.0501460121951, 0.0421674495773),
  'dreg-2-chain': (0.0121209606505, 0.0130239397235),
  'rws_dreg-2-chain': (0.013350303102, 0.00861245249890),
  'rws-2-chain': (5.24844549263, 6.1921651476),
  'aisle-chi2-2-chain': (0.193935370408, 0.208383035576),
  'renyi-2-chain': (5.86718634866, 5.20614075939),
}
