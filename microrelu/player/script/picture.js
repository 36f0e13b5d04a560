/* The picture: classes and numbers, changed where they have to, what lies over it, its scale. */

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

const ROOM = 50; // the width of a number, NUMBER in drawing.py
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
    else if (node.row && isKnown && node.kink) {
      const slopes = [...new Set(node.local)].map(number);
      notes.push(`${WORDS["at kink"]}: ∂ = ${slopes.join(", ")}`);
    }
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
    const length = edge.path.getTotalLength();
    const to = isBlocked(node, edge.operand) ? length * 0.86 : Math.min(26, length * 0.3);
    const pill = tag(number(amount), 0, 0, "pill");
    return { edge, pill, from: length, to };
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
      const isShown = isThere || eased || before.received[index];
      const so = isThere ? to : from + (to - from) * eased;
      write(shapes[index].grad, isShown ? number(so) : "");
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
