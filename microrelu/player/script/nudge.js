/* The nudge: a leaf is changed a little, and the change runs from box to box; beside it C as a
   function of the leaf with its tangent, and steps of gradient descent. */

const SVG = "http://www.w3.org/2000/svg";
const PLOT = { width: 300, height: 120 };
const SAMPLES = 61;
let history = [];
let gesture = 0;
let descents = [];

/* All values with other numbers in some leaves; those that hold stay. */
function valuesWith(changes) {
  const kept = [...changes.keys()].map((leaf) => leaf.changed);
  for (const [leaf, value] of changes) leaf.changed = value;
  computeForward();
  const values = nodes.map((node) => node.data);
  [...changes.keys()].forEach((leaf, i) => (leaf.changed = kept[i]));
  computeForward();
  return values;
}

const delta = () => Number($("delta").value) || 0;
const signed = (x) => (x > 0 ? `+${number(x)}` : number(x));
const nudgeSteps = () => pathsTo(chosen).on.filter((node) => node.row).map((node) => ({ phase: "nudge", node }));

/* What the nudge adds to each node, computed and not predicted. */
function added() {
  const moved = valuesWith(new Map([[chosen, chosen.data + delta()]]));
  return nodes.map((node, i) => moved[i] - node.data);
}

const isNudged = (node) => node === chosen || steps.some((each) => each.node === node);

/* Along one edge alone, how much the node changes for what its operand changes. */
function secant(node, operand, change_) {
  const numbers = node.parents.map((parent) => parent.data);
  numbers[operand] += change_;
  return (OPERATIONS[node.row.name](...numbers)[0] - node.data) / change_;
}

function nudgeRow(node, operand, changes, state) {
  const parent = node.parents[operand];
  const isPart = isNudged(parent);
  const key = `e${node.index}_${operand}`;
  if (!isPart) return box(parent, { isPart, state }) + way(key, { isPart });
  const change_ = changes[parent.index];
  const ratio = change_ ? span("num", `Δ/Δ ${number(secant(node, operand, change_))}`) : "";
  const across = ratio + span("num chip", `×${factor(node.local[operand])}`);
  return box(parent, { isPart, added: change_, state }) + way(key, { isPart, across });
}

function nudgeSaid(node) {
  const changes = added();
  const parent = node.parents.find(isNudged);
  const [real, leaf] = [number(changes[node.index]), nameOf(chosen)];
  const said = [say("nudged", { node: nameOf(node), operand: nameOf(parent), change: signed(changes[parent.index]), result: signed(changes[node.index]) })];
  if (node !== root) return said;
  const predicted = number(complete[chosen.index] * delta());
  return [...said, say("nudge end", { leaf, change: number(delta()), predicted, real })];
}

/* C over the leaf, its tangent, and where the leaf is: a place in the plot for a pair of numbers. */
function scales() {
  const { reach } = scaleOf(chosen);
  const xs = Array.from({ length: SAMPLES }, (_, i) => -reach + (2 * reach * i) / (SAMPLES - 1));
  const points = xs.map((x) => [x, valuesWith(new Map([[chosen, x]]))[root.index]]).filter(([, y]) => Number.isFinite(y));
  const ys = [...points.map(([, y]) => y), root.data].filter(Number.isFinite);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const place = ([x, y]) => [
    ((x + reach) / (2 * reach)) * PLOT.width,
    PLOT.height - 8 - ((y - low) / (high - low || 1)) * (PLOT.height - 16),
  ];
  return { reach, points, place };
}

function drawn(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const line = (points, name) => drawn("polyline", { points: points.map((point) => point.map((x) => x.toFixed(1)).join()).join(" "), class: name });

function showNudge() {
  $("nudge").hidden = !MODES.nudge;
  $("mathematics").hidden = MODES.nudge && !MODES.unfolded;
  $("undo").disabled = !history.length;
  if (!MODES.nudge) return;
  $("descend").textContent = `${nameOf(chosen)} ← ${nameOf(chosen)} − η ∂${nameOf(root)}/∂${nameOf(chosen)}`;
  $("descend").disabled = Boolean(chosen.lockedBy);
  const { reach, points, place } = scales();
  const slope = complete[chosen.index];
  const tangent = [-reach, reach].map((x) => place([x, root.data + slope * (x - chosen.data)]));
  const [cx, cy] = place([chosen.data, root.data]);
  const shown = [line(points.map(place), "curve"), line(tangent, "tangent")];
  if (Number.isFinite(cx + cy)) shown.push(drawn("circle", { cx, cy, r: 6 }));
  $("plot").replaceChildren(...shown);
  const most = Math.max(...descents, 1e-300);
  const fallen = descents.map((cost, i) => [(i / Math.max(descents.length - 1, 1)) * PLOT.width, PLOT.height - 8 - (cost / most) * (PLOT.height - 16)]);
  $("descents").replaceChildren(line(fallen, "curve"));
  $("fallen").textContent = descents.length ? `${nameOf(root)}: ${number(descents[0])} → ${number(descents.at(-1))}` : "";
}

/* Each change can be undone; what is dragged is one. */
function remember() {
  if (history.at(-1)?.gesture === gesture) return;
  history.push({ gesture, kept: leaves.map((leaf) => leaf.changed), descents: [...descents] });
}

function undo() {
  const last = history.pop();
  if (!last) return;
  leaves.forEach((leaf, i) => (leaf.changed = last.kept[i]));
  descents = last.descents;
  compute();
  anew();
  show();
}

function descend(some) {
  gesture += 1;
  remember();
  const steps_ = some.filter((leaf) => !leaf.lockedBy && Number.isFinite(complete[leaf.index]))
    .map((leaf) => [leaf, leaf.data - Number($("rate").value) * complete[leaf.index]]);
  if (!descents.length) descents.push(root.data);
  for (const [leaf, value] of steps_) leaf.changed = value;
  compute();
  anew();
  descents.push(root.data);
  show();
}

/* The leaf's own nudge; none of a leaf that cannot be changed, nor of one that is all there is. */
function startNudge() {
  const found = chosen && !chosen.lockedBy ? nudgeSteps() : [];
  if (!found.length) return choosePasses(isByLayers, example);
  mistake = "";
  Object.assign(MODES, { nudge: true, "tools-open": false });
  [steps, position] = [found, 0];
  toFirstRow();
  return show(true);
}

const toggleNudge = () => (MODES.nudge ? choosePasses(isByLayers, example) : startNudge());

function listenToNudge() {
  $("nudge-by").onclick = toggleNudge;
  $("delta").oninput = $("rate").oninput = () => show();
  $("descend").onclick = () => descend([chosen]);
  $("descend-all").onclick = () => descend(leaves);
  $("undo").onclick = undo;
  for (const kind of ["change", "pointerup"]) addEventListener(kind, () => (gesture += 1));
  const toPlace = (event) => {
    const { left, width } = $("plot").getBoundingClientRect();
    const { reach } = scaleOf(chosen);
    change(chosen, Number((((event.clientX - left) / width) * 2 * reach - reach).toPrecision(3)));
  };
  $("plot").onpointerdown = (event) => ($("plot").setPointerCapture(event.pointerId), toPlace(event));
  $("plot").onpointermove = (event) => event.buttons && toPlace(event);
}
