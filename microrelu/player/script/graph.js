/* The graph: what Python recorded is in #data, and all that is shown is computed from it here, so
   that a changed leaf changes it all. The sweep, the paths to a leaf and the steps are here too. */

const $ = (id) => document.getElementById(id);
const DATA = JSON.parse($("data").textContent);

/* The words, in the language that is shown: a column of the table. */
const WORDS = {};
let column = 0;
function speak(name) {
  column = Math.max(0, DATA.languages.indexOf(name));
  document.documentElement.lang = DATA.languages[column];
  for (const [key, row] of Object.entries(DATA.words)) WORDS[key] = row[column];
}

/* `recorded` is what Python wrote; `data` and `local` are what holds now. */

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
/* Of a part of a larger graph: what a node was made of is not shown, or not all of it. */
const isRest = (node) => node.row?.hidden !== undefined;
const isGiven = (node) => !node.row || (isRest(node) && !node.parents.length);
const isLive = (node) => node.row.live && node.row.name in OPERATIONS;
for (const node of [...nodes].reverse()) {
  if (node.row && !isLive(node)) node.lockedBy = node;
  if (node.lockedBy) for (const parent of node.parents) parent.lockedBy ??= node.lockedBy;
}
const leaves = DATA.leaves.map((index) => nodes[index]);

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

const isBlocked = (node, operand) => node.row.hasKink && node.local[operand] === 0;

/* Nothing is equated with a local derivative that no longer holds. */
const feedsStale = (node) => node.uses.some(([user]) => user.isStale);

/* The nodes between a leaf and the root, and how many paths there are. */
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

/* The steps: the leaves as given, every operation forward, 1 at the root, and back from every node
   that passes something on; a leaf is complete where the last of its users is. Layer by layer, a
   step has many nodes. Of several examples one alone can be gone through. */

const order = new Map(sweepOrder.map((node, done) => [node, done]));
for (const node of nodes) {
  node.completeAt = Math.max(-1, ...node.uses.map(([user]) => order.get(user)));
}
for (const [index, layer, unit] of DATA.units ?? []) Object.assign(nodes[index], { layer, unit });
DATA.examples.forEach((own, example) => {
  for (const index of own) nodes[index].example = example;
});

const START = { phase: "forward", node: null };
const SEED = { phase: "backward", node: root, done: -1 };
const passesOn = (node) => node.row && node.parents.some((parent) => !parent.isConstant);
const ONE_BY_ONE = [
  START,
  ...nodes.filter((node) => !isGiven(node)).map((node) => ({ phase: "forward", node })),
  SEED,
  ...sweepOrder.filter(passesOn).map((node) => ({ phase: "backward", node, done: order.get(node) })),
];
const LAYERS = (DATA.layers ?? []).map(([phase, formula, words, members]) => ({
  phase, formula, words, members: members.map((index) => nodes[index]),
}));

function layerSteps() {
  const [forward, back] = ["forward", "backward"].map((way) => LAYERS.filter(({ phase }) => phase === way));
  const inLayers = new Set(forward.flatMap(({ members }) => members));
  const others = ONE_BY_ONE.filter(({ phase, node }) => phase === "forward" && node && !inLayers.has(node));
  return [START, ...forward, ...others, SEED, ...back];
}

let steps = ONE_BY_ONE;
let position = 0;
let chosen = leaves.find((leaf) => !leaf.lockedBy) ?? leaves[0] ?? null;
let isPicked = false;
let isDifferentiating = false;

/* The step of the same node, or the one nearest to it, among other steps. */
function setSteps(byLayers, example) {
  if (mistake) return ([steps, position] = [mistaken(), 0]);
  const { phase, node, members } = steps[position];
  const isShown = ({ node: one, members: many }) =>
    example === null || (many ?? [one]).some((each) => !each || (each.example ?? example) === example);
  steps = (byLayers ? layerSteps() : ONE_BY_ONE).filter(isShown);
  const wanted = members?.[0] ?? node;
  const near = steps.findIndex((to) => to.phase === phase && (to.node === wanted || to.members?.includes(wanted)));
  return (position = Math.max(0, near >= 0 ? near : steps.findIndex((to) => to.phase === phase)));
}

/* What is known at a step: values that were computed, gradients that were received so far. */
function stateAt(at) {
  const { phase, node, members, done } = steps[at];
  const isBack = phase === "backward";
  if (steps[at].grad) {
    const passed_ = new Set(steps.slice(0, at + 1).map((each) => each.node));
    return { isKnown: () => true, isComplete: () => false, isPassed: (each) => passed_.has(each), ...steps[at] };
  }
  const before = steps.slice(0, at + 1).filter((step) => step.phase === phase);
  const told = new Set(before.flatMap((each) => each.members ?? [each.node]));
  const isKnown = (each) => phase !== "forward" || isGiven(each) || told.has(each) || (!members && node && each.index <= node.index);
  if (!isBack) return { isKnown, isComplete: () => false, isPassed: () => false, ...sweep(0), received: [] };
  if (!members) {
    const isComplete = (each) => each.completeAt <= done;
    return { isKnown, isComplete, isPassed: (each) => order.get(each) <= done, ...sweep(done + 1) };
  }
  const isComplete = (each) => told.has(each);
  const isPassed = (each) => each.parents.some(isComplete);
  return { isKnown, isComplete, isPassed, grad: complete, received: nodes.map(isComplete) };
}
