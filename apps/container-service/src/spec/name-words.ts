/** How a container may feel. */
export const ADJECTIVES: readonly string[] = (
  'able agile airy alert amber ample azure balmy blithe bold brave breezy bright brisk buoyant calm candid cheery civil clear ' +
  'clever coastal cosy crisp curious daring deft dewy eager early earnest easy fair fearless fleet fluent fond frank fresh frugal ' +
  'gallant gentle glad golden graceful grand hardy hearty honest humble ivory jaunty jolly just keen kind lively loyal lucid ' +
  'lucky mellow merry mild mindful modest neat nimble noble open patient plucky polished prudent quick quiet ready rested ' +
  'robust rosy rustic sandy serene sharp silver sincere smooth snug solid spry stable steady sturdy subtle sunny supple swift ' +
  'tender thrifty tidal tidy tranquil trusty upbeat valiant vivid warm wise witty zesty'
).split(' ');

/** People of science, computing, exploration and the sea. */
export const SURNAMES: readonly string[] = (
  'amundsen anning aryabhata babbage bardeen barents bassi beaufort bering bernoulli blackwell bohr bose brunel burnell cannon carson ' +
  'cassini cavendish cerf chandrasekhar clarke codd cook copernicus curie dalton darwin davy descartes dirac drake earhart ' +
  'eratosthenes euclid euler faraday fermat fermi feynman fibonacci fleming fourier franklin galileo galois gama gauss germain ' +
  'godel goodall hamilton hawking heisenberg herschel hertz hilbert hipparchus hopper hubble humboldt hutton huygens hypatia johnson ' +
  'joule kelvin kepler khayyam knuth kovalevskaya lagrange lamarr laplace lavoisier leibniz linnaeus lovelace magellan mayer ' +
  'maxwell mcclintock meitner mendel mendeleev mercator mirzakhani morse nansen napier newton nightingale nobel noether ohm ' +
  'pascal pasteur payne peary perlman planck polo ptolemy ramanujan ride ritchie rubin rutherford sagan salk shackleton shannon ' +
  'somerville stallman tasman tereshkova tesla thales thompson tsu turing volta wallace watt wegener wirth wright wu yalow zheng zuse'
).split(' ');
