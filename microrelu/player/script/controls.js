/* The controls: going from step to step, playing, changing a leaf; and the start of it all. */

/* Everything that is shown, from the position, the leaves and what is chosen. */

const shortest = (x) => (Number.isFinite(x) ? Number(x.toPrecision(12)) : "");
const MODES = { whole: false, lecture: false, "tools-open": false, unfolded: false, nudge: false, printing: false };

function showForm() {
  const { phase } = steps[position];
  const modes = Object.keys(MODES).filter((mode) => MODES[mode] && mode !== phase);
  document.body.className = [phase, timer && "playing", DATA.excerpt && "excerpt", ...modes].filter(Boolean).join(" ");
  $("phase").textContent = WORDS[mistake || phase];
  $("mistake").value = mistake;
  $("position").max = steps.length - 1;
  $("position").value = position;
  $("count").textContent = `${position + 1} / ${steps.length}`;
  const said = saying(steps[position]);
  if ($("sentence").textContent !== said) $("sentence").textContent = said;
  $("position").setAttribute("aria-valuetext", `${position + 1} / ${steps.length}: ${said}`);
  $("first").disabled = $("previous").disabled = position === 0;
  $("next").disabled = $("last").disabled = position === steps.length - 1;
  for (const [id, mode] of [["whole", "whole"], ["lecture", "lecture"], ["tools", "tools-open"], ["unfold", "unfolded"], ["nudge-by", "nudge"]]) {
    $(id).setAttribute("aria-pressed", MODES[mode]);
  }
  $("layers").setAttribute("aria-pressed", isByLayers);
  $("panel").hidden = !MODES.unfolded && !MODES.nudge;
  $("changed").hidden = !nodes.some((other) => other.isStale);
  $("leaf-form").hidden = !chosen;
  if (!chosen) return;
  $("leaf").value = chosen.index;
  const isLocked = Boolean(chosen.lockedBy);
  $("number").disabled = $("range").disabled = isLocked;
  if (document.activeElement !== $("number")) $("number").value = shortest(chosen.data);
  const { reach, grain } = scaleOf(chosen);
  Object.assign($("range"), { min: -reach, max: reach, step: grain });
  $("range").value = shortest(chosen.data);
  $("wrt").textContent = say("with respect to", { root: nameOf(root), leaf: nameOf(chosen) });
  $("wrt").setAttribute("aria-pressed", isDifferentiating);
  $("result").textContent = isDifferentiating ? `= ${number(complete[chosen.index])}` : "";
  $("reset").disabled = leaves.every((leaf) => leaf.changed === undefined);
  const isPart = isLocked && isRest(chosen.lockedBy);
  $("note").textContent = isLocked
    ? say(isPart ? "locked part" : "locked", { leaf: nameOf(chosen), symbol: chosen.lockedBy.row.symbol })
    : "";
}

function show(isMoving = false) {
  const state = stateAt(position);
  showForm();
  showNodes(state);
  showEdges(state);
  showPaths();
  showEquations(operandShown);
  showNudge();
  markText();
  showView();
  note();
  if (MODES.whole) return;
  fitStep();
  $("equation").classList.toggle("cut", $("equation").scrollWidth > $("equation").clientWidth);
  if (isMoving) travel();
}

function go(to, isMoving = false) {
  const target = Math.min(Math.max(to, 0), steps.length - 1);
  if (target === position) return;
  position = target;
  toFirstRow();
  show(isMoving);
}

/* A step begins with its first row, and with the equation of the first that receives anything. */
function toFirstRow() {
  firstRow = 0;
  operandShown = Math.max(0, steps[position].node?.parents.findIndex((parent) => !parent.isConstant) ?? 0);
}

function toggle(mode) {
  MODES[mode] = !MODES[mode];
  show();
}

/* A leaf's slider reaches as far as twice its recorded size, zero included. */
function scaleOf({ recorded: { data } }) {
  const size = Number.isFinite(data) ? Math.max(Math.abs(data), 1) : 1;
  const unit = 10 ** Math.floor(Math.log10(size));
  return { reach: Math.ceil((2 * size) / unit) * unit, grain: unit / 100 };
}

function change(leaf, value) {
  if (leaf.lockedBy || !Number.isFinite(value)) return;
  remember();
  leaf.changed = value;
  compute();
  anew();
  show();
}

/* After a change the steps of a mistake are computed anew. */
function anew() {
  if (mistake) steps = mistaken();
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
  $("play").dataset.label = isOn ? "pause" : "play";
  label();
  showForm();
}

/* The controls */

const forward = () => go(position + 1, true);
const back = () => go(position - 1);
let isByLayers = false;
let example = null;

function choosePasses(byLayers, one, wrong = "") {
  mistake = wrong;
  MODES.nudge = false;
  [isByLayers, example] = [byLayers && LAYERS.length > 0, one];
  setSteps(isByLayers, example);
  toFirstRow();
  show();
}

const KEYS = {
  ArrowRight: forward,
  ArrowLeft: back,
  PageDown: forward,
  PageUp: back,
  Home: () => go(0),
  End: () => go(steps.length - 1),
  " ": () => play(!timer),
  f: () => toggle("lecture"),
  g: () => toggle("whole"),
  e: () => toggle("unfolded"),
  l: () => choosePasses(!isByLayers, example),
  n: toggleNudge,
  u: undo,
  m: () => $("more")?.click(),
  "?": help,
  "+": () => MODES.whole && zoom(1.25),
  "-": () => MODES.whole && zoom(0.8),
  Escape: () => ["whole", "lecture"].some((mode) => MODES[mode] && (toggle(mode), true)) || (MODES.nudge && toggleNudge()),
};

function listen() {
  $("next").onclick = forward;
  $("previous").onclick = back;
  $("first").onclick = KEYS.Home;
  $("last").onclick = KEYS.End;
  $("play").onclick = KEYS[" "];
  $("position").oninput = (event) => go(Number(event.target.value));
  $("larger").onclick = () => zoom(1.25);
  $("smaller").onclick = () => zoom(0.8);
  $("whole").onclick = KEYS.g;
  $("lecture").onclick = KEYS.f;
  $("unfold").onclick = KEYS.e;
  $("layers").onclick = KEYS.l;
  $("tools").onclick = () => toggle("tools-open");
  $("example").onchange = (event) => choosePasses(isByLayers, event.target.value === "" ? null : Number(event.target.value));
  $("mistake").onchange = (event) => choosePasses(false, null, event.target.value);
  $("leaf-form").onsubmit = (event) => event.preventDefault();
  $("leaf").onchange = (event) => choose(nodes[event.target.value]);
  $("number").oninput = (event) => event.target.value !== "" && change(chosen, Number(event.target.value));
  $("range").oninput = (event) => change(chosen, Number(event.target.value));
  $("range").onpointerup = () => $("range").blur(); // so that the arrow keys step again
  $("wrt").onclick = () => {
    isDifferentiating = !isDifferentiating;
    MODES.unfolded ||= isDifferentiating;
    show();
  };
  $("reset").onclick = () => {
    gesture += 1;
    remember();
    descents = [];
    for (const leaf of leaves) delete leaf.changed;
    compute();
    anew();
    show();
  };
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const action = KEYS[key.length === 1 ? key.toLowerCase() : key];
    const isTyping = target.matches("select, input:not(#position)");
    const isPressed = key === " " && target.matches("button");
    if (!action || isTyping || $("help").open || isPressed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (key !== " " && timer) play(false);
    action();
  });
  let fitted = `${innerWidth} ${innerHeight}`; // what was shown first; the observer begins with a call
  new ResizeObserver(() => {
    const size = `${innerWidth} ${innerHeight}`;
    if (size !== fitted) [fitted] = [size, show()];
  }).observe(document.documentElement);
}

function choose(leaf) {
  [chosen, isPicked] = [leaf, true];
  if (MODES.nudge) startNudge();
  else show();
}

/* What belongs together lights up together: symbols, boxes, edges, places in the text. */
const linkOf = (event) => event.target.closest?.("[data-link], #graph .node, #graph .edge");
const keyOf = (element) => element?.dataset.link ?? element?.id;

function light(key) {
  for (const each of document.querySelectorAll(".lit")) each.classList.remove("lit");
  if (!key) return;
  for (const each of document.querySelectorAll(`[data-link="${key}"]`)) each.classList.add("lit");
  $(key)?.classList.add("lit");
}

function listenToLinks() {
  for (const kind of ["pointerover", "focusin", "click"]) {
    document.addEventListener(kind, (event) => light(keyOf(linkOf(event))));
  }
  step_.addEventListener("click", (event) => {
    const [, user, operand] = /^e(\d+)_(\d+)$/.exec(keyOf(linkOf(event))) ?? [];
    if (user === undefined || nodes[user] !== steps[position].node) return;
    operandShown = Number(operand);
    showEquations(operandShown);
  });
}

/* The background is dragged to pan, a leaf that was chosen to change; a click goes to a node. */
function listenToPicture() {
  let drag = null;
  const nodeAt = (event) => {
    const element = linkOf(event);
    return element?.matches(".node, .box") ? nodes[Number(keyOf(element).slice(1))] : null;
  };
  const start = (event) => {
    if (event.button) return;
    const node = nodeAt(event);
    const isHeld = node && node === chosen && isPicked && node.isLeaf && !node.lockedBy;
    drag = { node, isHeld, x: event.clientX, y: event.clientY, data: node?.data, isMoving: false, isStep: !stage.contains(event.target) };
  };
  stage.addEventListener("pointerdown", start);
  step_.addEventListener("pointerdown", start);
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.isMoving && Math.hypot(dx, dy) < 4) return;
    drag.isMoving = true;
    if (drag.isHeld) {
      const { grain } = scaleOf(drag.node);
      change(drag.node, Number((Math.round(drag.data / grain + dx) * grain).toPrecision(12)));
    } else if (MODES.whole) {
      pan(dx, dy);
      Object.assign(drag, { x: event.clientX, y: event.clientY });
    }
  });
  addEventListener("pointerup", () => {
    const { node, isMoving, isStep } = drag ?? {};
    if (drag && !isMoving) {
      if (isStep) node?.isLeaf && choose(node);
      else if (MODES.whole) node && visit(node);
      else toggle("whole");
    }
    drag = null;
  });
  addEventListener("pointercancel", () => (drag = null));
  stage.addEventListener("wheel", (event) => {
    if (!MODES.whole) return;
    event.preventDefault();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform($("picture").getScreenCTM().inverse());
    zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, [x, y]);
  }, { passive: false });
}

/* The step of a node, in the pass that is shown; of a leaf, that of the last node that it feeds. */
function visit(node) {
  if (node.isConstant) return undefined;
  if (node.isLeaf) [chosen, isPicked] = [node, true];
  if (node.isLeaf && MODES.nudge) return ((MODES.whole = false), startNudge());
  const { phase } = steps[position];
  const isOf = (to) => to.node === node || to.members?.includes(node) || (to.done >= 0 && to.done === node.completeAt);
  const found = steps.findLastIndex((to) => to.phase === phase && to.node !== null && isOf(to));
  MODES.whole = false;
  if (found >= 0) position = found;
  toFirstRow();
  return show(true);
}

for (const leaf of leaves) {
  $("leaf").append(new Option(nameOf(leaf), leaf.index));
}
$("example").append(new Option("", ""), ...DATA.examples.map((_, i) => new Option("", i)));
$("example").hidden = !DATA.examples.length;
$("layers").hidden = !LAYERS.length;
if (DATA.excerpt) {
  $("mistake").hidden = true; // it would go wrong in what is not shown
  $("whole").dataset.say = "whole part";
  for (const id of leaves.every((leaf) => leaf.lockedBy) ? ["number", "range", "nudge-by", "undo", "reset"] : []) $(id).hidden = true;
}
compute();
listen();
listenToLinks();
listenToPicture();
listenToNudge();
listenToHelp();
listenToNodes();
listenToPrinting();
showText();
label();
follow();
addEventListener("hashchange", () => address() !== location.hash && follow());
window.microrelu = {
  OPERATIONS, KINKS, DATA, number, typesetNumber, nodes, choosePasses,
  equation, product, gathered, derivation, made, passed, sentences, change, go, visit, address,
  complete: () => complete,
  get steps() {
    return steps;
  },
};
