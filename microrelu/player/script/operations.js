/* The operations: numbers → [value, local derivatives], as in operations.py, which a test holds
   against this table. Where Python raises an error, a value here is not finite. */

const step = (a, b = 0) => (a < b ? 0 : a > b ? 1 : a === b ? DATA.atZero : NaN);
const sum = (numbers, start = 0) => numbers.reduce((so, term) => so + term, start);
const power = (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);
const squash = (a) => {
  const decay = Math.exp(-Math.abs(a));
  return (a < 0 ? decay : 1) / (1 + decay);
};
const bell = (decay) => decay / (1 + decay) ** 2;

const OPERATIONS = {
  add: (a, b) => [a + b, [1, 1]],
  subtract: (a, b) => [a - b, [1, -1]],
  multiply: (a, b) => [a * b, [b, a]],
  divide: (a, b) => [a / b, [1 / b, -a / b / b]],
  negate: (a) => [-a, [-1]],
  square: (a) => [a * a, [2 * a]],
  power: (a, b) =>
    a === 0
      ? [power(a, b), [b === 0 || b > 1 ? 0 : b === 1 ? 1 : b * Infinity, 0 * b]]
      : [power(a, b), [b * power(a, b - 1), a > 0 ? power(a, b) * Math.log(a) : NaN]],
  exp: (a) => [Math.exp(a), [Math.exp(a)]],
  log: (a) => [Math.log(a), [1 / a]],
  sqrt: (a) => [Math.sqrt(a), [a === 0 ? Infinity : 0.5 / Math.sqrt(a)]],
  sin: (a) => [Math.sin(a), [Math.cos(a)]],
  cos: (a) => [Math.cos(a), [-Math.sin(a)]],
  absolute: (a) => [Math.abs(a), [step(a) - step(-a)]],
  maximum: (a, b) => [a > b ? a : a <= b ? b : NaN, [step(a, b), 1 - step(a, b)]],
  minimum: (a, b) => [a < b ? a : a >= b ? b : NaN, [step(b, a), 1 - step(b, a)]],
  relu: (a) => [a < 0 ? 0 : a, [step(a)]],
  leaky_relu: (a, slope) => [
    a < 0 ? slope * a : a,
    [step(a) + slope * (1 - step(a)), a >= 0 ? 0 : a],
  ],
  elu: (a) => (a > 0 ? [a, [1]] : [Math.expm1(a), [Math.exp(a)]]),
  softplus: (a) => [Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))), [squash(a)]],
  sigmoid: (a) => [squash(a), [bell(Math.exp(-Math.abs(a)))]],
  tanh: (a) => [Math.tanh(a), [4 * bell(Math.exp(-2 * Math.abs(a)))]],
  total: (...a) => [sum(a), a.map(() => 1)],
  weighted_sum: (...a) => {
    const half = (a.length - 1) / 2;
    const weights = a.slice(0, half);
    const inputs = a.slice(half, -1);
    return [sum(weights.map((w, i) => w * inputs[i]), a.at(-1)), [...inputs, ...weights, 1]];
  },
  log_sum_exp: (...a) => {
    const largest = Math.max(...a);
    const terms = a.map((operand) => (operand === largest ? 1 : Math.exp(operand - largest)));
    return [largest + Math.log(sum(terms)), terms.map((term) => term / sum(terms))];
  },
};

const KINKS = {
  absolute: (a) => a === 0,
  maximum: (a, b) => a === b,
  minimum: (a, b) => a === b,
  relu: (a) => a === 0,
  leaky_relu: (a) => a === 0,
};
