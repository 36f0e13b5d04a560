/* The step player's page. What Python recorded is in #data; everything shown is computed from it
   here, so that a changed leaf changes it all. In order: the operations, how formulas are set (as
   notation.py sets them), the graph, the panel, the picture, the controls. */
"use strict";
(() => {
const $ = (id) => document.getElementById(id);
const DATA = JSON.parse($("data").textContent);
const WORDS = DATA.words;

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

/* How numbers and formulas are set: [MathML, how tightly it holds together, its number or null,
   and for a sum or a product the pieces between which a line may be broken]. */

const [LITERAL, SUM, NEGATIVE, , PRODUCT, POWER, ATOM] = [-1, 0, 1, 2, 3, 4, 5];
const RAISED_DIGITS = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"];
const RAISED = { "-": "⁻", ...RAISED_DIGITS };

/* Python's rounding: to so many significant digits, and to the even one of two that are as near. */
function rounded(x, digits) {
  const [all, exponent] = Math.abs(x).toExponential(60).split("e");
  const plain = all.replace(".", "");
  let kept = BigInt(plain.slice(0, digits));
  const rest = plain.slice(digits);
  const half = "5".padEnd(rest.length, "0");
  if (rest > half || (rest === half && kept % 2n)) kept += 1n;
  const carried = String(kept).length > digits;
  return [String(kept).slice(0, digits).padEnd(digits, "0"), Number(exponent) + (carried ? 1 : 0)];
}

/* Four digits; a number that they round keeps its zeros, a shorter one is exact, to twelve. */
function number(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const digits = Math.max(4, size < 1e6 ? String(Math.trunc(size)).length : 0);
  const [kept, exponent] = rounded(x, digits);
  const [exact, at] = rounded(x, 12);
  const isExact = at === exponent && kept.padEnd(12, "0") === exact;
  const strip = (text) =>
    text.includes(".") ? text.replace(isExact ? /\.?0*$/ : /\.$/, "") : text;
  const sign = x < 0 ? "−" : "";
  if (exponent < -4 || exponent >= digits) {
    const raised = [...String(exponent)].map((character) => RAISED[character]).join("");
    return `${sign}${strip(`${kept[0]}.${kept.slice(1)}`)}×10${raised}`;
  }
  if (exponent < 0) return sign + strip(`0.${"0".repeat(-exponent - 1)}${kept}`);
  return sign + strip(`${kept.slice(0, exponent + 1)}.${kept.slice(exponent + 1)}`);
}

const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
const sign = (text) => `<mo>${text}</mo>`;
const bracket = ([text, level], lowest) =>
  level >= lowest ? text : row(sign("("), text, sign(")"));

function typesetNumber(x) {
  const text = number(x);
  const [digits, exponent] = text.split("×10");
  const minus = digits.startsWith("−") ? sign("−") : "";
  const index =
    exponent && [...exponent].map((character) => RAISED_DIGITS.indexOf(character)).join("");
  const ten = exponent
    ? `${sign("×")}<msup><mn>10</mn><mn>${index.replace("-1", "−")}</mn></msup>`
    : "";
  const written = `${minus}<mn>${digits.replace("−", "")}</mn>${ten}`;
  return [minus || ten ? row(written) : written, minus ? NEGATIVE : ten ? PRODUCT : ATOM, x];
}

const SIGNS = { "+": "+", "-": "−", "*": "\u2062", "@": "·" };

/* The right side's pieces behind the left side's, its sign on the first of them. */
function join(left, kind, right, lowest) {
  const infix = `<mo form="infix">${SIGNS[kind]}</mo>`;
  const rest = right[1] >= lowest && right[3] ? right[3] : [bracket(right, lowest)];
  const signed = [infix + rest[0], ...rest.slice(1)];
  if (kind === "@") return [...left, ...signed];
  return [...left, signed]; // a term is kept together where it fits on a line
}

function typesetBinary(kind, left, right) {
  if (kind === "+" || kind === "-") {
    const lowest = kind === "-" || right[1] === NEGATIVE ? PRODUCT : SUM;
    const first = bracket(left, SUM);
    const text = row(first, sign(SIGNS[kind]), bracket(right, lowest));
    const terms = left[1] === SUM && left[3] ? left[3] : [left[3] ?? [first]];
    return [text, SUM, null, join(terms, kind, right, lowest)];
  }
  if (kind === "/") return [`<mfrac>${left[0]}${right[0]}</mfrac>`, PRODUCT, null];
  const dot = kind === "*" && right[2] !== null ? "@" : kind;
  const text = row(bracket(left, NEGATIVE), sign(SIGNS[dot]), bracket(right, PRODUCT));
  const level = left[1] === NEGATIVE ? NEGATIVE : PRODUCT;
  if (dot === "*") return [text, level, null];
  const before = left[1] >= NEGATIVE && left[3] ? left[3] : [bracket(left, NEGATIVE)];
  return [text, level, null, join(before, dot, right, PRODUCT)];
}

/* A formula's tree with its operands filled in: by names, or by numbers. */
function typesetTree(tree, operands) {
  if (typeof tree === "number") return operands[tree];
  const [kind, ...rest] = tree;
  if (kind === "number") return typesetNumber(rest[0]);
  if (kind === "name") return [...rest, null];
  if (kind === "call") {
    const inner = rest.slice(2).map((part) => typesetTree(part, operands));
    if (rest[0] === "abs") return [row(sign("|"), bracket(inner[0], SUM), sign("|")), ATOM, null];
    if (rest[0] === "sqrt") return [`<msqrt>${inner[0][0]}</msqrt>`, ATOM, null];
    const lowest = inner.length > 1 ? SUM : LITERAL;
    const given = inner.map((part) => bracket(part, lowest)).join(sign(","));
    const all = row(sign("("), given, sign(")"));
    return [row(`<mi>${rest[1]}</mi>`, sign("\u2061"), all), ATOM, null];
  }
  const parts = rest.map((part) => typesetTree(part, operands));
  if (kind === "negate") return [row(sign("−"), bracket(parts[0], PRODUCT)), NEGATIVE, null];
  if (kind === "**") {
    const [base, exponent] = parts;
    const [left, right] = rest[1][0] === "-" ? rest[1].slice(1) : [];
    const numbers = [left, right].map((part) => part !== undefined && typesetTree(part, operands)[2]);
    const shown = numbers.every((value) => typeof value === "number")
      ? typesetNumber(numbers[0] - numbers[1])
      : exponent;
    return [`<msup>${bracket(base, ATOM)}${shown[0]}</msup>`, POWER, null];
  }
  return typesetBinary(kind, parts[0], parts[1]);
}

const typesetSum = (parts) => parts.reduce((so, part) => typesetBinary("+", so, part));
const typesetProduct = (parts) => parts.reduce((so, part) => typesetBinary("@", so, part));
const typesetPartial = (over, under) => {
  const [above, below] = [over, under].map((part) => row(sign("∂"), bracket(part, SUM)));
  return [`<mfrac>${above}${below}</mfrac>`, POWER, null];
};
const typesetGradient = (node) => typesetPartial(typesetName(root), typesetName(node));
const typesetName = (node) => (node.name ? [...node.name, null] : typesetNumber(node.data));

/* The graph. `recorded` is what Python wrote; `data` and `local` are what holds now. */

const LEAF = -1;
const CONSTANT = -2;
const exact = (numbers) => (numbers || []).map(Number);
const nodes = DATA.nodes.map(([kind, data, text, name, parents, local, ...how], index) => ({
  index,
  row: DATA.rows[kind],
  isLeaf: kind === LEAF,
  isConstant: kind === CONSTANT,
  text,
  name: name || null,
  parents: parents || [],
  indirect: new Set(how[1]), // operands that reach the node through others too
  recorded: {
    data: Number(data),
    local: exact(local),
    kink: Boolean(how[0]),
    isStale: Boolean(how[2]), // an operand was changed after the node was computed
  },
  uses: [],
  lockedBy: null,
}));
const root = nodes.at(-1);
for (const node of nodes) {
  node.parents = node.parents.map((index) => nodes[index]);
  node.parents.forEach((parent, operand) => parent.uses.push([node, operand]));
}
const isLive = (node) => node.row.live && node.row.name in OPERATIONS;
for (const node of [...nodes].reverse()) {
  if (node.row && !isLive(node)) node.lockedBy = node;
  if (node.lockedBy) for (const parent of node.parents) parent.lockedBy ??= node.lockedBy;
}
const leaves = nodes.filter((node) => node.isLeaf);

/* Values and local derivatives: as recorded where nothing that they depend on has changed. */
function computeForward() {
  for (const node of nodes) {
    const { recorded } = node;
    if (!node.row) {
      node.data = node.changed ?? recorded.data;
      continue;
    }
    if (node.parents.every((parent) => Object.is(parent.data, parent.recorded.data))) {
      Object.assign(node, recorded);
      continue;
    }
    const numbers = node.parents.map((parent) => parent.data);
    [node.data, node.local] = OPERATIONS[node.row.name](...numbers);
    node.isStale = false;
    node.kink = node.row.hasKink && KINKS[node.row.name](...numbers);
  }
}

/* The sweep, in the very order of Value.sweep; `until` stops it after so many nodes. */
const sweepOrder = [...nodes].reverse();
function sweep(until = Infinity) {
  const grad = new Array(nodes.length).fill(0);
  const received = new Array(nodes.length).fill(0);
  grad[root.index] = 1;
  received[root.index] = 1;
  sweepOrder.slice(0, until).forEach((node) => {
    node.parents.forEach((parent, operand) => {
      grad[parent.index] += grad[node.index] * node.local[operand];
      received[parent.index] += 1;
    });
  });
  return { grad, received };
}

let complete;
function compute() {
  computeForward();
  complete = sweep().grad;
}

/* The equations of a step, each a list of parts to be joined by equals signs. */

const isBlocked = (node, operand) => node.row.hasKink && node.local[operand] === 0;

function equation(node, numbers = true) {
  if (!node.parents.length) return [typesetName(node), typesetNumber(node.data)];
  const parts = [typesetName(node), typesetFormula(node)];
  if (numbers && node.row.formula !== undefined) {
    parts.push(typesetFormula(node, (operand) => typesetNumber(operand.data)));
  }
  if (numbers) parts.push(typesetNumber(node.data));
  return parts;
}

/* A whole formula: a label that is no name is bracketed even where it stands alone. */
function typesetWhole(tree, operands) {
  const part = typesetTree(tree, operands);
  return part[1] === LITERAL ? [bracket(part, SUM), ATOM, null] : part;
}

function typesetFormula({ row: { formula, shown }, parents }, typesetOperand = typesetName) {
  const isLong = formula === undefined; // while 0 is the formula of one operand, that operand
  return isLong ? [shown[0], SUM, null] : typesetWhole(formula, parents.map(typesetOperand));
}

function typesetLocal(node, operand) {
  const { derivatives } = node.row;
  return derivatives?.length ? typesetWhole(derivatives[operand], node.parents.map(typesetName)) : null;
}

/* The symbol of a local derivative, never that of a gradient which it is not: ∂z/∂w where w reaches
   z as this operand alone, ∂(v − w)/∂w where it does so through others too; null where it is an
   operand twice, but ∂₂(f(w, w)) if nothing else says which. */
function typesetSymbol(node, operand) {
  const parent = node.parents[operand];
  if (node.parents.filter((other) => other === parent).length > 1) {
    if (typesetLocal(node, operand)) return null;
    const place = `<msub>${sign("∂")}<mn>${operand + 1}</mn></msub>`;
    return [row(place, sign("("), typesetFormula(node)[0], sign(")")), POWER, null];
  }
  if (!node.indirect.has(operand)) return typesetPartial(typesetName(node), typesetName(parent));
  return typesetPartial([bracket(typesetFormula(node), ATOM), ATOM], typesetName(parent));
}

function factors(node, operand) {
  const upstream = typesetGradient(node);
  const symbol = typesetSymbol(node, operand);
  const value = typesetNumber(node.local[operand]);
  const written = typesetLocal(node, operand) ?? (node === root ? value : symbol);
  return [[upstream, symbol ?? written], [upstream, written], [typesetNumber(complete[node.index]), value]];
}

/* ∂C/∂z · ∂z/∂w, then ∂C/∂z · x, then −0.4 · 2, then −0.8: each said once. */
function product(node, operand) {
  const [chain, written, numbers] = factors(node, operand);
  const said = node === root ? [written] : [chain, written];
  if (said.length === 2 && [numbers[1][0], chain[1][0]].includes(written[1][0])) said.pop();
  const amount = typesetNumber(complete[node.index] * node.local[operand]);
  return [...said.map(typesetProduct), typesetProduct(numbers), amount];
}

const unrepeated = (parts) => [...new Map(parts.map((part) => [part[0], part])).values()];

/* Nothing is equated with a local derivative that no longer holds. */
const feedsStale = (node) => node.uses.some(([user]) => user.isStale);

/* The gradient of a node, gathered from all that it feeds. */
function gathered(node) {
  const left = typesetGradient(node);
  const { uses } = node;
  if (node === root) return [left, typesetNumber(complete[node.index])];
  if (uses.length === 1) return [left, ...product(...uses[0])];
  const levels = [0, 1, 2].map((level) =>
    typesetSum(uses.map((use) => typesetProduct(factors(...use)[level]))),
  );
  return unrepeated([left, ...levels, typesetNumber(complete[node.index])]);
}

/* With respect to one leaf: the paths, and the derivation along them. */

const MOST_PATHS = 8;
const LONGEST_PATH = 40;

function pathsTo(leaf) {
  const counts = new Array(nodes.length).fill(0n);
  counts[leaf.index] = 1n;
  for (const node of nodes) for (const parent of node.parents) {
    if (node !== leaf) counts[node.index] += counts[parent.index];
  }
  return { count: counts[root.index], on: nodes.filter((node) => counts[node.index] > 0) };
}

function allPaths(leaf, on) {
  const wanted = new Set(on);
  const found = [];
  const walk = (node, path) => {
    if (node === leaf) return found.push(path);
    return node.parents.forEach((parent, operand) => {
      if (wanted.has(parent)) walk(parent, [...path, [node, operand]]);
    });
  };
  walk(root, []);
  return found;
}

function derivation(leaf) {
  const { count, on } = pathsTo(leaf);
  const between = on.filter((node) => node !== root).reverse();
  if (count > MOST_PATHS || between.length > LONGEST_PATH) {
    return { on, count, rows: between.filter((node) => !feedsStale(node)).map(gathered) };
  }
  const levels = [
    ([node, operand]) => typesetSymbol(node, operand) ?? typesetLocal(node, operand),
    ([node, operand]) => typesetLocal(node, operand) ?? typesetNumber(node.local[operand]),
    ([node, operand]) => typesetNumber(node.local[operand]),
  ];
  if (on.some((node) => node.isStale)) return { on, count: null, rows: [] };
  const paths = allPaths(leaf, on).filter((path) => path.length);
  const written = paths.length
    ? levels.map((level) => typesetSum(paths.map((path) => typesetProduct(path.map(level)))))
    : [];
  const parts = [typesetGradient(leaf), ...written, typesetNumber(complete[leaf.index])];
  return { on, count: null, rows: [unrepeated(parts)] };
}

/* The sentences. */

const fill = (sentence, gaps) => sentence.replace(/\{(\w+)\}/g, (_, gap) => gaps[gap]);
const say = (key, gaps) => fill(WORDS[key], gaps);
const nameOf = (node) => node.text || number(node.data);

function why(node) {
  if (!node.row) return say("leaf", { node: nameOf(node) });
  const { symbol, hasKink, name } = node.row;
  const slopes = node.local.filter((_, operand) => !node.parents[operand].isConstant);
  if (node.kink && slopes.length) {
    return say("kink", { symbol, slope: slopes.map(number).join(", ") });
  }
  for (const [slope, key] of hasKink && slopes.length ? [[0, "closed"], [1, "open"]] : []) {
    if (slopes.every((derivative) => derivative === slope)) return say(key, { symbol });
  }
  return fill(DATA.why[name], { node: nameOf(node), symbol });
}

function sentences({ phase, node }) {
  if (!node) return [leaves.some((leaf) => !leaf.lockedBy) ? WORDS.start : ""];
  const said = [];
  if (node.isStale) return [say("changed operands", { node: nameOf(node) })];
  if (phase === "forward") {
    const names = [...new Set(node.parents.map(nameOf))];
    const shown = names.length > 6 ? [...names.slice(0, 5), "…"] : names;
    if (shown.length) said.push(say("computed", { node: nameOf(node), operands: shown.join(", ") }));
  } else {
    if (node === root) said.push(say("seed", { node: nameOf(node) }));
    if (feedsStale(node)) said.push(say("feeds changed", { node: nameOf(node) }));
    if (node.row || !feedsStale(node)) said.push(why(node));
  }
  if (node.row && !Number.isFinite(node.data)) said.push(say("no value", { symbol: node.row.symbol }));
  if (node.row && !isLive(node)) said.push(say("not live", { symbol: node.row.symbol }));
  return said;
}

/* The steps: the leaves as given, every operation forward, every node but constants back. */

const steps = [
  { phase: "forward", node: null },
  ...nodes.filter((node) => node.row).map((node) => ({ phase: "forward", node })),
  ...sweepOrder.map((node, done) => ({ phase: "backward", node, done })),
].filter(({ node }) => !node?.isConstant || node === root);
let position = 0;
let chosen = leaves.find((leaf) => !leaf.lockedBy) ?? leaves[0] ?? null;
let isPicked = false;
let isDifferentiating = false;

/* The panel. Formulas are made of MathML that Python escaped and of numbers, never of raw text. */

const math = (inner) => `<math displaystyle="true">${inner}</math>`;

/* One equation, which may be broken before its equals signs, its pluses and its dots. */
function equationRow([left, ...parts], className = "", gains = false) {
  const rest = parts.map(([text, level, , pieces], i) => {
    const terms = level === SUM && pieces ? pieces : [pieces ?? [text]];
    const equals = sign(gains && i === 0 ? "+=" : "=");
    const [[first, ...others], ...more] = terms;
    const written = [[equals + first, ...others], ...more].map(
      (term) => `<span>${term.map((piece) => math(piece)).join("")}</span>`,
    );
    return `<span class="relation${i === parts.length - 1 ? " result" : ""}">${written.join("")}</span>`;
  });
  return `<div class="row ${className}">${math(left[0])}<span class="rest">${rest.join("")}</span></div>`;
}

function contributionRows(node, totals) {
  const running = new Map();
  return node.parents.map((parent, operand) => {
    const before = running.get(parent) ?? totals.grad[parent.index];
    const after = before + complete[node.index] * node.local[operand];
    running.set(parent, after);
    if (parent.isConstant) return "";
    const written = typesetLocal(node, operand);
    const local = [typesetSymbol(node, operand), written, typesetNumber(node.local[operand])].filter(Boolean);
    const shared = parent.uses.length > 1;
    const passed = unrepeated([typesetGradient(parent), ...product(node, operand)]);
    const so = say("so far", { number: number(after) });
    const total = shared ? `<span class="total">${so}</span>` : "";
    return (
      `<div class="contribution">${local.length === 3 || !written ? equationRow(unrepeated(local), "local") : ""}` +
      `${equationRow(passed, "product", shared)}${total}</div>`
    );
  });
}

function showPanel() {
  const { phase, node, done } = steps[position];
  $("phase").textContent = WORDS[phase];
  const sentence = sentences(steps[position]).join(" ");
  if ($("sentence").textContent !== sentence) $("sentence").textContent = sentence;
  const shown = [];
  if (node && !node.isStale) shown.push(equationRow(equation(node), "equation"));
  if (phase === "backward" && !node.isStale) {
    const isShort = node.uses.length <= MOST_PATHS;
    const gradient = isShort ? gathered(node) : [typesetGradient(node), typesetNumber(complete[node.index])];
    const isGathered = !node.row || node.uses.length > 1 || node === root;
    if (isGathered && !feedsStale(node)) shown.push(equationRow(unrepeated(gradient), "gathered"));
    shown.push('<div class="contributions">', ...contributionRows(node, sweep(done)), "</div>");
  }
  $("changed").hidden = !nodes.some((other) => other.isStale);
  $("mathematics").innerHTML = shown.join("");
  const what = isDifferentiating && chosen ? derivation(chosen) : null;
  const rows = what ? what.rows.map((parts) => equationRow(unrepeated(parts))) : [];
  $("derivation").innerHTML = (what?.count ? "<p></p>" : "") + rows.join("");
  if (what?.count) {
    const names = { count: what.count, root: nameOf(root), leaf: nameOf(chosen) };
    $("derivation").firstChild.textContent = say("too many paths", names);
  }
}

/* The picture: classes and numbers, changed where they have to. */

const SVG = "http://www.w3.org/2000/svg";
const shapes = nodes.map((node) => {
  const group = $(`n${node.index}`);
  return { group, value: group.querySelector(".value"), grad: group.querySelector(".grad") };
});
const edges = nodes.flatMap((node) =>
  node.parents.map((parent, operand) => {
    const group = $(`e${node.index}_${operand}`);
    return { node, parent, operand, group, path: group.firstChild, label: group.querySelector("text") };
  }),
);
const edgesOf = new Map(nodes.map((node) => [node, edges.filter((edge) => edge.node === node)]));

function make(tag, attributes, parent) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
}

const ROOM = 50; // the width of a number, as in page.py
function write(element, text) {
  if (!element || element.textContent === text) return;
  element.textContent = text;
  if (text.length > 7) {
    element.setAttribute("textLength", ROOM);
    element.setAttribute("lengthAdjust", "spacingAndGlyphs");
  } else element.removeAttribute("textLength");
}

function mark(element, classes) {
  for (const [name, on] of Object.entries(classes)) element.classList.toggle(name, Boolean(on));
}

function showNodes(totals) {
  const { phase, node: current, done } = steps[position];
  const at = phase === "forward" ? (current ? current.index : -1) : Infinity;
  for (const [i, node] of nodes.entries()) {
    const { group, value, grad } = shapes[i];
    const isKnown = !node.row || node.index <= at;
    const isDone = phase === "backward" && sweepOrder.length - 1 - node.index <= done;
    mark(group, {
      current: node === current,
      stale: node.isStale,
      future: !isKnown,
      complete: isDone,
      chosen: node === chosen && (isPicked || isDifferentiating),
      editable: node.isLeaf && !node.lockedBy,
    });
    write(value, isKnown ? number(node.data) : "");
    write(grad, phase === "backward" && totals.received[i] ? number(totals.grad[i]) : "");
  }
}

function showEdges() {
  const { phase, node: current, done } = steps[position];
  const at = phase === "forward" ? (current ? current.index : -1) : Infinity;
  for (const { node, parent, operand, group, label } of edges) {
    const isKnown = node.index <= at;
    mark(group, {
      future: !isKnown,
      active: node === current && !(phase === "backward" && parent.isConstant),
      done: phase === "backward" && sweepOrder.length - 1 - node.index < done,
      blocked: isKnown && isBlocked(node, operand) && !parent.isConstant,
    });
    write(label, isKnown ? number(node.local[operand]) : "");
  }
}

/* What lies over the picture: bars where a closed gate blocks, notes at kinks, what flows back. */

function bar(edge, isQuiet) {
  const { path } = edge;
  const length = path.getTotalLength();
  const at = path.getPointAtLength(length * 0.72);
  const on = path.getPointAtLength(length * 0.72 + 1);
  const size = Math.hypot(on.x - at.x, on.y - at.y) || 1;
  const [dx, dy] = [(8 * (on.y - at.y)) / size, (8 * (on.x - at.x)) / size];
  const ends = { x1: at.x + dx, y1: at.y - dy, x2: at.x - dx, y2: at.y + dy };
  make("line", { ...ends, class: isQuiet ? "stop-bar quiet" : "stop-bar" }, $("overlay"));
}

function tag(text, x, y, className) {
  const group = make("g", { class: className, transform: `translate(${x},${y})` }, $("overlay"));
  const width = sum([...text].map((character) => (character >= "\u2e80" ? 9.8 : 6.2)), 9);
  make("rect", { x: -width / 2, y: -8, width, height: 15, rx: 7.5 }, group);
  make("text", { y: 3.5 }, group).textContent = text;
  return group;
}

function showOverlay() {
  $("overlay").replaceChildren();
  const { phase, node: current } = steps[position];
  for (const edge of edges) {
    if (edge.group.classList.contains("blocked")) bar(edge, edge.node !== current || phase === "forward");
  }
  for (const node of nodes) {
    const isKnown = !shapes[node.index].group.classList.contains("future");
    const notes = [];
    if (node.isStale) notes.push(WORDS["changed"]);
    else if (node.row && isKnown && node.kink) notes.push(`${WORDS["at kink"]}: ∂ = ${[...new Set(node.local)].map(number).join(", ")}`);
    if (node.row && !isLive(node)) notes.push(WORDS.recorded);
    if (!notes.length) continue;
    const [, x, y] = shapes[node.index].group.getAttribute("transform").match(/\((\S+),(\S+)\)/);
    const box = shapes[node.index].group.querySelector("rect");
    const width = Number(box.getAttribute("width"));
    tag(notes.join(", "), Number(x) + width / 2, Number(y) + Number(box.getAttribute("height")) + 6, "badge");
  }
}

const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
let animation = 0;

/* Contributions flow back along the edges, and what the parents have received counts up. */
function flow(isMoving) {
  cancelAnimationFrame(animation);
  const { phase, node, done } = steps[position];
  if (phase !== "backward") return;
  const [before, after] = [sweep(done), sweep(done + 1)];
  const moving = edgesOf.get(node).filter((edge) => !edge.parent.isConstant).map((edge) => {
    const amount = complete[node.index] * node.local[edge.operand];
    const isStopped = isBlocked(node, edge.operand);
    const length = edge.path.getTotalLength();
    const pill = tag(number(amount), 0, 0, "pill");
    return { edge, pill, length, from: length, to: isStopped ? length * 0.86 : Math.min(26, length * 0.3) };
  });
  const parents = [...new Set(moving.map(({ edge }) => edge.parent))];
  const place = (t) => {
    const eased = t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2;
    for (const { edge, pill, from, to } of moving) {
      const { x, y } = edge.path.getPointAtLength(from + (to - from) * eased);
      pill.setAttribute("transform", `translate(${x},${y + 7})`);
    }
    for (const { index } of parents) {
      const [from, to] = [before.grad[index], after.grad[index]];
      const isThere = eased === 1 || !Number.isFinite(to - from);
      const shown = isThere ? number(to) : eased || before.received[index] ? number(from + (to - from) * eased) : "";
      write(shapes[index].grad, shown);
    }
  };
  if (!isMoving || reduced.matches) {
    place(1);
    return;
  }
  const start = performance.now();
  const duration = 700 / Math.sqrt(Number($("speed").value));
  const tick = (now) => {
    const t = Math.min(1, Math.max(0, (now - start) / duration));
    place(t);
    if (t < 1) animation = requestAnimationFrame(tick);
  };
  place(0);
  animation = requestAnimationFrame(tick);
}

function showPaths() {
  const what = isDifferentiating && chosen ? new Set(pathsTo(chosen).on) : null;
  $("graph").classList.toggle("onpath", Boolean(what));
  for (const [i, node] of nodes.entries()) shapes[i].group.classList.toggle("path", Boolean(what?.has(node)));
  for (const { node, parent, group } of edges) {
    group.classList.toggle("path", Boolean(what?.has(node) && what.has(parent) && node !== chosen));
  }
}

/* Scale: all of the picture where it can be read so, else readable, with the step in view. */

const [WIDTH, HEIGHT] = DATA.size;
const frame = document.querySelector(".scroll");
let zoom = 1;

function wholeScale() {
  return Math.min((frame.clientWidth - 24) / WIDTH, (frame.clientHeight - 44) / HEIGHT);
}

/* The panel is beside the picture or below it, whichever leaves the picture larger. */
function fit() {
  const page = document.documentElement;
  page.style.removeProperty("--stage");
  const scales = [false, true].map((isWide) => {
    page.classList.toggle("wide", isWide);
    return wholeScale();
  });
  page.classList.toggle("wide", scales[1] > scales[0]);
  const readable = innerWidth > 760 && innerWidth < 1400 ? 0.65 : 0.8;
  const scale = Math.min(Math.max(...scales, readable), 2.2) * zoom;
  $("picture").style.width = `${WIDTH * scale}px`;
  $("picture").style.height = `${HEIGHT * scale}px`;
  page.style.setProperty("--stage", `${HEIGHT * scale + 70}px`);
}

function follow() {
  const { node } = steps[position];
  const behavior = reduced.matches || HEIGHT > 4000 ? "auto" : "smooth";
  if (!node) return frame.scrollTo({ left: 0, top: 0, behavior });
  const seen = frame.getBoundingClientRect();
  const shown = [node, ...(node.parents.length <= 6 ? node.parents : [])];
  const boxes = shown.map(({ index }) => shapes[index].group.getBoundingClientRect());
  const isInside = ({ left, right, top, bottom }) =>
    left >= seen.left && right <= seen.right && top >= seen.top && bottom <= seen.bottom;
  if (boxes.every(isInside)) return undefined;
  const [{ left, right, top, bottom }] = boxes;
  return frame.scrollBy({
    left: (left + right) / 2 - (seen.left + seen.right) / 2,
    top: (top + bottom) / 2 - (seen.top + seen.bottom) / 2,
    behavior,
  });
}

/* Everything that is shown, from the position, the leaves and what is chosen. */

function showForm() {
  const { phase } = steps[position];
  document.body.className = `${phase}${timer ? " playing" : ""}`;
  $("position").value = position;
  $("count").textContent = `${position + 1} / ${steps.length}`;
  $("position").setAttribute("aria-valuetext", `${position + 1} / ${steps.length}: ${sentences(steps[position]).join(" ")}`);
  $("first").disabled = $("previous").disabled = position === 0;
  $("next").disabled = $("last").disabled = position === steps.length - 1;
  $("leaf-form").hidden = !chosen;
  if (!chosen) return;
  $("leaf").value = chosen.index;
  const isLocked = Boolean(chosen.lockedBy);
  $("number").disabled = $("range").disabled = isLocked;
  if (document.activeElement !== $("number")) $("number").value = Number(chosen.data.toPrecision(12));
  const { reach, grain } = scaleOf(chosen);
  Object.assign($("range"), { min: -reach, max: reach, step: grain });
  $("range").value = chosen.data;
  $("wrt").setAttribute("aria-pressed", isDifferentiating);
  $("reset").disabled = leaves.every((leaf) => leaf.changed === undefined);
  $("note").textContent = isLocked
    ? say("locked", { leaf: nameOf(chosen), symbol: chosen.lockedBy.row.symbol })
    : "";
}

function show(isMoving = false) {
  const { phase, done } = steps[position];
  const totals = phase === "backward" ? sweep(done + 1) : sweep(0);
  showForm();
  showNodes(totals);
  showEdges();
  showOverlay();
  showPaths();
  showPanel();
  flow(isMoving);
}

function go(to, isMoving = false) {
  const target = Math.min(Math.max(to, 0), steps.length - 1);
  if (target === position) return;
  position = target;
  const { node } = steps[position];
  if (node?.isLeaf && !isDifferentiating) chosen = node;
  show(isMoving);
  follow();
}

/* A leaf's slider reaches as far as twice its recorded size, zero included. */
function scaleOf({ recorded: { data } }) {
  const size = Number.isFinite(data) ? Math.max(Math.abs(data), 1) : 1;
  const unit = 10 ** Math.floor(Math.log10(size));
  return { reach: Math.ceil((2 * size) / unit) * unit, grain: unit / 100 };
}

function change(leaf, value) {
  if (leaf.lockedBy || !Number.isFinite(value)) return;
  leaf.changed = value;
  compute();
  show();
}

/* Playing */

let timer = 0;
function play(isOn) {
  clearTimeout(timer);
  timer = 0;
  if (isOn && position === steps.length - 1) go(0);
  const beat = () => {
    go(position + 1, true);
    if (position === steps.length - 1) return play(false);
    timer = setTimeout(beat, 1800 / Number($("speed").value));
    return showForm();
  };
  if (isOn) timer = setTimeout(beat, 250);
  const label = isOn ? WORDS.pause : WORDS.play;
  $("play").setAttribute("aria-label", label);
  $("play").title = `${label} (␣)`;
  showForm();
}

/* The controls */

const forward = () => go(position + 1, true);
const back = () => go(position - 1);
const KEYS = {
  ArrowRight: forward,
  ArrowLeft: back,
  PageDown: forward,
  PageUp: back,
  Home: () => go(0),
  End: () => go(steps.length - 1),
  " ": () => play(!timer),
};

function listen() {
  $("next").onclick = forward;
  $("previous").onclick = back;
  $("first").onclick = KEYS.Home;
  $("last").onclick = KEYS.End;
  $("play").onclick = KEYS[" "];
  $("position").max = steps.length - 1;
  $("position").oninput = (event) => go(Number(event.target.value));
  $("larger").onclick = () => ((zoom *= 1.25), fit(), follow());
  $("smaller").onclick = () => ((zoom /= 1.25), fit(), follow());
  $("leaf-form").onsubmit = (event) => event.preventDefault();
  $("leaf").onchange = (event) => choose(nodes[event.target.value]);
  $("number").oninput = (event) => event.target.value !== "" && change(chosen, Number(event.target.value));
  $("range").oninput = (event) => change(chosen, Number(event.target.value));
  $("range").onpointerup = () => $("range").blur(); // so that the arrow keys step again
  $("wrt").onclick = () => ((isDifferentiating = !isDifferentiating), show());
  $("reset").onclick = () => {
    for (const leaf of leaves) delete leaf.changed;
    compute();
    show();
  };
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    const isTyping = target.matches("select, #number, #range");
    const isPressed = event.key === " " && target.matches("button");
    if (!KEYS[event.key] || isTyping || isPressed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (event.key !== " " && timer) play(false);
    KEYS[event.key]();
  });
  new ResizeObserver(() => (fit(), follow())).observe(document.documentElement);
}

function choose(leaf) {
  [chosen, isPicked] = [leaf, true];
  show();
}

/* A node is clicked for its step; a leaf is dragged sideways for another value. */
function listenToPicture() {
  let drag = null;
  const nodeAt = (event) => {
    const group = event.target.closest?.(".node");
    return group && nodes[Number(group.id.slice(1))];
  };
  $("picture").addEventListener("pointerdown", (event) => {
    const node = nodeAt(event);
    if (!node || event.button) return;
    drag = { node, x: event.clientX, data: node.data, isMoving: false };
  });
  addEventListener("pointermove", (event) => {
    if (!drag || !drag.node.isLeaf || drag.node.lockedBy) return;
    const distance = event.clientX - drag.x;
    if (!drag.isMoving && Math.abs(distance) < 4) return;
    drag.isMoving = true;
    [chosen, isPicked] = [drag.node, true];
    const { grain } = scaleOf(drag.node);
    change(drag.node, Number((Math.round(drag.data / grain + distance) * grain).toPrecision(12)));
  });
  addEventListener("pointerup", () => {
    if (drag && !drag.isMoving) visit(drag.node);
    drag = null;
  });
  addEventListener("pointercancel", () => (drag = null));
  $("picture").addEventListener("pointerover", (event) => {
    const node = nodeAt(event);
    if (!node) return;
    const { group } = shapes[node.index];
    const title = group.querySelector("title") ?? make("title", {}, group);
    title.textContent = `${nameOf(node)}: ${WORDS.value} ${node.data}, ${WORDS.gradient} ${complete[node.index]}`;
  });
}

function visit(node) {
  if (node.isConstant) return;
  if (node.isLeaf) [chosen, isPicked] = [node, true];
  const at = steps.findIndex((to) => to.phase === "backward" && to.node === node);
  if (at === position) show();
  else go(at, true);
}

for (const leaf of leaves) {
  $("leaf").append(new Option(nameOf(leaf), leaf.index));
}
$("changed").textContent = say("no longer holds", { recompute: DATA.recompute });
compute();
listen();
listenToPicture();
fit();
show();
follow();
window.microrelu = { OPERATIONS, KINKS, DATA, number, typesetNumber, nodes, steps, equation, product, gathered, derivation, why, sentences, change, go, complete: () => complete };
})();
