/* The sentences of a step, with the numbers in them. */

const fill = (sentence, gaps) => sentence.replace(/\{(\w+)\}/g, (_, gap) => gaps[gap]);
const say = (key, gaps) => fill(WORDS[key], gaps);
const nameOf = (node) => node.text || number(node.data);
const given = (node) => (node.text ? `${node.text} = ${number(node.data)}` : number(node.data));
const factor = (x) => (x < 0 ? `(${number(x)})` : number(x));
const MOST_NAMED = 5;

/* a, b and c; of very many the first and an ellipsis. */
function listed(texts) {
  const all = [...new Set(texts)];
  if (all.length > MOST_NAMED) return [...all.slice(0, MOST_NAMED - 1), "…"].join(WORDS.comma);
  return [all.slice(0, -1).join(WORDS.comma), all.at(-1)].filter(Boolean).join(WORDS.and);
}

/* What an operation of that name does, forward and back; any other by its slopes. */
const SAID = {
  add: ["sum is", "adds"],
  total: ["sum is", "adds"],
  subtract: ["difference is", "subtracts"],
  multiply: ["product is", "multiplies"],
  divide: ["quotient is"],
  weighted_sum: ["weighed", "weighs"],
  log_sum_exp: ["gives", "shares"],
  maximum: ["gives", "chooses back"],
  minimum: ["gives", "chooses back"],
};

function made(node) {
  const [operand] = node.parents;
  const gaps = { symbol: node.row.symbol, result: given(node), given: listed(node.parents.map(given)) };
  if (isRest(node)) return say("rest made", { ...gaps, count: node.row.hidden });
  const gate = node.row.name === "relu" && operand.data !== 0;
  if (gate) return say(operand.data > 0 ? "lets it through" : "gives 0", gaps);
  return say(node.parents.length ? (SAID[node.row.name]?.[0] ?? "gives") : "is nothing", gaps);
}

/* One sentence on why the step multiplies by what it multiplies by. */
function passed(node) {
  const { name, symbol, hasKink } = node.row;
  const gradient = complete[node.index];
  const operands = node.parents.map((_, operand) => operand).filter((operand) => !node.parents[operand].isConstant);
  const [first] = operands;
  const parent = node.parents[first];
  const slopes = operands.map((operand) => node.local[operand]);
  const gaps = {
    node: nameOf(node), symbol, operand: nameOf(parent), given: given(parent),
    gradient: number(gradient), negative: number(-gradient), slope: slopes.map(number).join(", "),
  };
  if (isRest(node)) return say("rest passes", gaps);
  if (hasKink && node.kink) return say("kink", gaps);
  if (name === "relu") return say(slopes[0] ? "lets through" : "stops", gaps);
  const isPair = operands.length === 2 && slopes.some((slope) => slope === 0) && slopes.some((slope) => slope === 1);
  if (SAID[name]?.[1] === "chooses back" && isPair) {
    const taken = operands.find((operand) => node.local[operand] === 1);
    return say("chooses back", { ...gaps, operand: nameOf(node.parents[taken]) });
  }
  const isNamed = SAID[name]?.[1] && SAID[name][1] !== "chooses back";
  if (isNamed && (operands.length > 1 || name === "add" || name === "total")) {
    return say(SAID[name][1], { ...gaps, amount: `${number(gradient)} · ${factor(slopes[0])}` });
  }
  const each = [...new Map(operands.map((operand) => [node.parents[operand], operand])).values()];
  return each.slice(0, 2).map((operand) => say("receives", {
    ...gaps,
    slope: number(node.local[operand]),
    operand: nameOf(node.parents[operand]),
    amount: `${number(gradient)} · ${factor(node.local[operand])} = ${number(gradient * node.local[operand])}`,
  })).join(" ");
}

/* Where a value that is no number comes from: a leaf, or the first operation without a value. */
function cause(node) {
  let origin = node;
  for (let next = node; next; next = origin.parents.find((parent) => !Number.isFinite(parent.data))) origin = next;
  if (origin.row) return say("undefined", { symbol: origin.row.symbol });
  return say("leaf is", { leaf: given(origin), node: nameOf(node) });
}

const saying = (step) => sentences(step).join(document.documentElement.lang === "ja" ? "" : " ");

function sentences({ phase, node, members, words, done, used }) {
  if (used !== undefined) {
    const isEnd = isCut && position === steps.length - 1;
    return [mistakeSaid(position), ...(isEnd ? [say("cut off", { count: steps.length })] : [])];
  }
  if (members) return words[column] ? [words[column]] : [listed(members.map(nameOf))];
  if (!node) {
    const { center, hidden } = DATA.excerpt ?? {};
    const around = Number.isInteger(center) ? say("layer", { number: center }) : center;
    const part = DATA.excerpt ? [say("part", { center: around, count: hidden })] : [];
    return [...part, ...(leaves.some((leaf) => !leaf.lockedBy) ? [WORDS.start] : [])];
  }
  const said = [];
  if (node.isStale) return [say("changed operands", { node: nameOf(node) })];
  if (phase === "nudge") return nudgeSaid(node);
  if (phase === "forward") said.push(Number.isFinite(node.data) ? made(node) : "");
  else if (done < 0) said.push(say("seed", { node: nameOf(node) }));
  else {
    if (feedsStale(node)) said.push(say("feeds changed", { node: nameOf(node) }));
    said.push(passed(node));
    const now = node.parents.filter((parent) => !parent.isConstant && parent.completeAt === done);
    if (now.length && !now.some(feedsStale)) said.push(say("completes", { nodes: listed(now.map(nameOf)) }).replace("….", "…"));
  }
  if (node.row && !Number.isFinite(node.data)) said.push(cause(node));
  if (node.row && !isLive(node) && !isRest(node)) said.push(say("not live", { symbol: node.row.symbol }));
  return said.filter(Boolean);
}
