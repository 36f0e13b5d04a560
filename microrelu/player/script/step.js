/* The step: the node and its parents laid out anew, one row a parent, with what arrived × the local
   derivative = what is passed on; as large as it fits, and of very many rows as many as fit. */

const escape = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const span = (className, content) => `<span class="${className}">${content}</span>`;
const num = (className, x) => span(`num ${className}`, number(x));
const step_ = $("step");
let firstRow = 0;
let lastRow = 0;
let operandShown = 0;

/* Where a node stands: layer and unit, which of several examples, and what is odd about it. */
function tags(node) {
  const found = [];
  if (node.layer) found.push(say("layer and unit", { layer: node.layer, unit: node.unit }));
  if (node.example !== undefined) {
    found.push(say("example of", { number: node.example + 1, count: DATA.examples.length }));
  }
  if (node.isStale) found.push(WORDS.changed);
  else if (node.row && node.kink) found.push(WORDS["at kink"]);
  if (node.row && !isLive(node) && !isRest(node)) found.push(WORDS.recorded);
  return found.length ? span("tag", escape(found.join(", "))) : "";
}

/* A gradient as the sum that is being filled: each term, a blank for each that is still to come; of
   many the last term, and how many are still to come. */
const MOST_TERMS = 3;
function sumOf(terms, blanks) {
  const count = terms.length + blanks;
  if (count < 2) return "";
  const isShort = count <= MOST_TERMS;
  const written = terms.map((term, i) => (i ? factor(term) : number(term)));
  if (!isShort && terms.length > 1) written.splice(0, terms.length - 1, "…");
  const empty = isShort ? new Array(blanks).fill(span("blank", "&nbsp;")) : [span("blank", blanks)];
  return span("num g sum", `${[...written, ...(blanks ? empty : [])].join(" + ")} =`);
}

/* What a node has received when so many nodes are swept, and this many operands of the next. */
function termsOf(node, done, operands) {
  const uses = node.uses.filter(([user, operand]) =>
    order.get(user) < done || (order.get(user) === done && operand <= operands));
  const inOrder = uses.sort(([a, i], [b, j]) => order.get(a) - order.get(b) || i - j);
  const terms = inOrder.map(([user, operand]) => complete[user.index] * user.local[operand]);
  return node === root ? [1, ...terms] : terms;
}

const labelOf = (node, value, grad) => [
  nameOf(node), value && `${WORDS.value} ${value}`, grad && `${WORDS.gradient} ${grad}`,
].filter(Boolean).join(", ");

function box(node, { isPart, className = "", sumText = "", total, added: change_, state }) {
  const { index } = node;
  const classes = ["box", className, node.isLeaf && "leaf", node.isConstant && "constant", isPart && "part",
    node.isStale && "stale", sumText && "has-sum", node === chosen && isPicked && "chosen"];
  const symbol = node.row && (className || isRest(node)) ? span("op", escape(node.row.symbol)) : "";
  const name = node.name ? span("name", math(typesetPlainName(node)[0]) + symbol) : "";
  const value = state.isKnown(node) ? num("v", node.data) : "";
  const isThere = !node.isConstant && (total !== undefined || state.received[index]);
  const grad = isThere ? num("g", total ?? state.grad[index]) : "";
  const right = isThere && isPart && rightBeside(node, state);
  const moved = change_ === undefined ? "" : span("num d", `Δ ${signed(change_)}`);
  const label_ = labelOf(node, value && number(node.data), isThere && number(total ?? state.grad[index]));
  return `<div class="${classes.filter(Boolean).join(" ")}" data-link="n${index}" role="group" tabindex="0" ` +
    `aria-label="${escape(label_)}">` +
    `${className ? tags(node) : ""}${name}${value}${sumText}${grad}${right || ""}${moved}</div>`;
}

/* What crosses an edge: passed on, local derivative, arrived; below it the formula. */
function way(key, { isPart, isBlocked, amount, slope, arrived, formula = "", across = "" }) {
  const classes = ["way", isPart && "part", isBlocked && "blocked"].filter(Boolean).join(" ");
  const crossing = amount === undefined ? across : span("num pill", number(amount)) +
    (slope === undefined ? "" : span("num chip", `×${factor(slope)}`)) +
    (arrived === undefined ? "" : num("arrived", arrived)) + (formula && span("eq", math(formula)));
  return `<div class="${classes}" data-link="${key}">${crossing}</div>`;
}

/* Beside a wrong gradient the right one. */
function rightBeside(node, { grad }) {
  const right = mistake && steps[position].grad ? rightOf(node) : grad[node.index];
  return right === grad[node.index] ? "" : span("num right", `✓ ${number(right)}`);
}

function edgeRow(node, operand, state) {
  const { phase, done, used, operands } = steps[position];
  const parent = node.parents[operand];
  const key = `e${node.index}_${operand}`;
  const isBack = phase === "backward" && done >= 0;
  const isPart = phase === "forward" || (isBack && !parent.isConstant);
  if (!isBack || !isPart) return box(parent, { isPart, state }) + way(key, { isPart });
  if (operands) {
    if (!operands.includes(operand)) return box(parent, { state }) + way(key, {});
    const slope = node.local[operand];
    return box(parent, { isPart, state }) + way(key, { isPart, amount: used * slope, slope, arrived: used });
  }
  const terms = termsOf(parent, done, operand);
  const blanks = parent.uses.length + (parent === root) - terms.length;
  const local = node.isStale || feedsStale(parent) ? "" : (product(node, operand).at(-3) ?? [""])[0];
  return box(parent, { isPart, sumText: sumOf(terms, blanks), total: sum(terms), state }) + way(key, {
    isPart, isBlocked: isBlocked(node, operand), amount: complete[node.index] * node.local[operand],
    slope: node.local[operand], arrived: complete[node.index], formula: local,
  });
}

function memberRow(node, state) {
  const [[user, operand]] = node.uses.length ? node.uses : [[]];
  const isOne = node.uses.length === 1;
  const terms = node.uses.length ? termsOf(node, Infinity, 0) : [];
  return box(node, { isPart: true, sumText: isOne ? "" : sumOf(terms, 0), state }) + way(isOne ? `e${user.index}_${operand}` : "", {
    isPart: true, amount: complete[node.index],
    ...(isOne && { slope: user.local[operand], arrived: complete[user.index], isBlocked: isBlocked(user, operand) }),
  });
}

/* The rows of a step, and the node that they belong to. */
function layOut() {
  const { phase, node, members, done } = steps[position];
  const state = stateAt(position);
  if (members && phase === "backward") return { rows: members.map((each) => () => memberRow(each, state)) };
  if (!node) return { rows: (members ?? [...leaves, ...nodes.filter((each) => each.row && isGiven(each))]).map((each) => () => box(each, { isPart: true, state })), isLeaves: true };
  const changes = phase === "nudge" ? added() : null;
  const row_ = changes ? nudgeRow : (...of) => edgeRow(of[0], of[1], state);
  const operands = [...node.parents.keys()];
  if (changes) operands.sort((i, j) => isNudged(node.parents[j]) - isNudged(node.parents[i]));
  const rows = operands.map((operand) => () => row_(node, operand, changes, state));
  const isPart = phase !== "backward" || done >= 0;
  const bus = rows.length ? `<div class="bus${isPart ? " part" : ""}"></div>` : "";
  return { rows, bus, current: box(node, { isPart: true, className: rows.length ? "node" : "node alone", added: changes?.[node.index], state }) };
}

function draw(count) {
  const { rows, bus = "", current = "", isLeaves } = layOut();
  const shown = rows.slice(firstRow, firstRow + count);
  lastRow = firstRow + shown.length;
  const hidden = rows.length - shown.length;
  const more = hidden ? `<button type="button" id="more">${escape(say("more parents", { count: hidden }))}</button>` : "";
  step_.classList.toggle("leaves", Boolean(isLeaves));
  step_.classList.toggle("layered", !isLeaves && Boolean(steps[position].members));
  step_.innerHTML = shown.map((row) => row()).join("") + more + bus + current;
  for (const kind of isLeaves ? [] : [".box:not(.node)", ".way"]) {
    step_.querySelectorAll(kind).forEach((each, i) => (each.style.gridRow = i + 1));
  }
  const ways = [...step_.querySelectorAll(".way")].map((each) => each.matches(".part"));
  const [from, to] = [Math.max(ways.indexOf(true), 0), Math.max(ways.lastIndexOf(true), ways.includes(true) ? 0 : ways.length - 1)];
  for (const each of step_.querySelectorAll(".bus, .node")) each.style.gridRow = `${from + 1} / ${to + 2}`;
  if (hidden) $("more").onclick = () => ((firstRow = lastRow < rows.length ? lastRow : 0), fitStep());
}

/* As large as it fits: in two lines a box, then in one, then one below the other; then fewer rows. */
const LOOKS = ["roomy", "compact", "narrow"];
const LARGER = [1.8, 1.35, 1.15];
const SMALLER = [1, 0.8, 0.6]; // the smaller ones where little room is left beside what unfolds
const MOST_ROWS = 40;
const fits = () => step_.scrollHeight <= step_.clientHeight && step_.scrollWidth <= step_.clientWidth;

const leastOnScreen = () => Math.max(16, Math.min(innerWidth * 0.01615, innerHeight * 0.0288));

function look(name, scale, least = leastOnScreen()) {
  for (const each of LOOKS) step_.classList.toggle(each, each === name);
  step_.style.setProperty("--n", `${(least * scale).toFixed(1)}px`);
  step_.style.setProperty("--half", 0);
  const half = step_.querySelector(".way.part")?.offsetHeight / 2 || 0;
  step_.style.setProperty("--half", `${half}px`);
  return fits();
}

/* On paper all rows, in the largest look that is no wider than it. */
const PAPER = { width: 680, least: 17 };
function fitPaper() {
  draw(Infinity);
  step_.style.width = `${PAPER.width}px`;
  const isWide = (name) => (look(name, 1, PAPER.least), step_.scrollWidth > step_.clientWidth);
  if (LOOKS.every(isWide)) look("narrow", 0.7, PAPER.least);
  step_.style.width = "";
}

/* The step and the whole graph are printed, whatever is shown. */
function listenToPrinting() {
  let shown = {};
  addEventListener("beforeprint", () => {
    shown = { ...MODES };
    Object.assign(MODES, { whole: false, lecture: false, printing: true });
    firstRow = 0;
    show();
  });
  addEventListener("afterprint", () => (Object.assign(MODES, shown), show()));
}

function fitStep() {
  if (MODES.printing) return fitPaper();
  const count = Math.min(layOut().rows.length - firstRow, MOST_ROWS);
  draw(count);
  const looks = innerWidth < 700 ? ["narrow"] : LOOKS;
  const fit = looks.find((name) => look(name, 1));
  if (fit) return look(fit, LARGER.find((scale) => look(fit, scale)) ?? 1);
  for (const [scale, name] of SMALLER.flatMap((each) => looks.slice(-2).map((one) => [each, one]))) {
    let fewer = count;
    if (lastRow - firstRow < fewer) draw(fewer);
    while (!look(name, scale) && fewer > 1 && step_.scrollHeight > step_.clientHeight) {
      fewer = Math.max(1, Math.min(fewer - 1, Math.floor((fewer * step_.clientHeight) / step_.scrollHeight)));
      draw(fewer);
    }
    if (fits()) return true;
  }
  return false;
}

/* Boxes travel from their places in the whole graph; what is passed on leaves the node. */
const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
function travel() {
  if (reduced.matches) return;
  const duration = 600 / Math.sqrt(Number($("speed").value));
  for (const element of step_.querySelectorAll(".box")) {
    const to = element.getBoundingClientRect();
    const from = $(element.dataset.link).getBoundingClientRect();
    const start = `translate(${from.left - to.left}px, ${from.top - to.top}px) scale(${from.width / to.width}, ${from.height / to.height})`;
    element.style.transformOrigin = "0 0";
    element.animate([{ transform: start, opacity: 0.3 }, { transform: "none", opacity: 1 }], { duration, easing: "ease-in-out" });
  }
  const node = step_.querySelector(".node");
  for (const element of node ? step_.querySelectorAll(".arrived, .chip, .pill") : []) {
    const distance = node.getBoundingClientRect().left - element.getBoundingClientRect().left;
    const delay = duration * (element.matches(".pill") ? 1.2 : 0.8);
    const start = { transform: `translateX(${distance}px)`, opacity: 0 };
    element.animate([start, { transform: "none", opacity: 1 }], { duration, delay, fill: "backwards", easing: "ease-in-out" });
  }
}

/* The text that the graph came from, each part linked to its node. */
function showText() {
  if (DATA.text === undefined) return;
  const sorted = [...DATA.places].sort(([a, b], [c, d]) => a - c || d - b);
  const open = [];
  let [html, at] = ["", 0];
  const upTo = (end) => ((html += escape(DATA.text.slice(at, end))), (at = Math.max(at, end)));
  const close = (until) => {
    while (open.length && open.at(-1) <= until) (upTo(open.pop()), (html += "</span>"));
  };
  for (const [start, end, index] of sorted) {
    close(start);
    upTo(start);
    html += `<span data-link="n${index}" tabindex="0">`;
    open.push(end);
  }
  close(Infinity);
  upTo(DATA.text.length);
  $("text").innerHTML = html;
}

function markText() {
  const { node } = steps[position];
  for (const part of $("text").querySelectorAll("[data-link]")) {
    part.classList.toggle("current", Boolean(node) && part.dataset.link === `n${node.index}`);
  }
}
