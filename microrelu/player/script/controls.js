/* The controls: going from step to step, playing, changing a leaf; and the start of it all. */

/* Everything that is shown, from the position, the leaves and what is chosen. */

function showForm() {
  const { phase } = steps[position];
  document.body.className = `${phase}${timer ? " playing" : ""}`;
  $("position").value = position;
  $("count").textContent = `${position + 1} / ${steps.length}`;
  const said = sentences(steps[position]).join(" ");
  $("position").setAttribute("aria-valuetext", `${position + 1} / ${steps.length}: ${said}`);
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
  $("wrt").textContent = say("with respect to", { root: nameOf(root), leaf: nameOf(chosen) });
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
    const values = `${WORDS.value} ${node.data}, ${WORDS.gradient} ${complete[node.index]}`;
    title.textContent = `${nameOf(node)}: ${values}`;
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
window.microrelu = {
  OPERATIONS, KINKS, DATA, number, typesetNumber, nodes, steps,
  equation, product, gathered, derivation, why, sentences, change, go,
  complete: () => complete,
};
