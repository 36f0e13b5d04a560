/* The whole graph, as a strip or large: classes and numbers, changed where they have to, and its
   view, which is zoomed and panned. */

const shapes = nodes.map((node) => {
  const group = $(`n${node.index}`);
  return { group, value: group.querySelector(".value"), grad: group.querySelector(".grad") };
});
const edges = nodes.flatMap((node) =>
  node.parents.map((parent, operand) => {
    const group = $(`e${node.index}_${operand}`);
    return { node, parent, operand, group, label: group.querySelector("text") };
  }),
);

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

function showNodes(state) {
  const { node: current, members, done } = steps[position];
  const isMoving = steps[position].phase === "forward" || done >= 0;
  const parts = new Set(members ?? (isMoving ? current?.parents : []));
  for (const [i, node] of nodes.entries()) {
    const { group, value, grad } = shapes[i];
    mark(group, {
      current: node === current,
      part: parts.has(node),
      stale: node.isStale,
      complete: state.isComplete(node),
      chosen: node === chosen && (isPicked || isDifferentiating),
    });
    write(value, state.isKnown(node) ? number(node.data) : "");
    write(grad, state.received[i] ? number(state.grad[i]) : "");
  }
  showReach();
}

function showEdges(state) {
  const { phase, node: current, members, done } = steps[position];
  const isBack = phase === "backward";
  for (const { node, parent, operand, group, label } of edges) {
    const isPassed = isBack && state.isPassed(node) && !parent.isConstant;
    mark(group, {
      active: members ? isBack && members.includes(parent) : node === current && (isBack ? done >= 0 && isPassed : true),
      blocked: isPassed && isBlocked(node, operand),
    });
    write(label, isPassed ? number(node.local[operand]) : "");
  }
}

function showPaths() {
  const what = isDifferentiating && chosen ? new Set(pathsTo(chosen).on) : null;
  for (const [i, node] of nodes.entries()) shapes[i].group.classList.toggle("path", Boolean(what?.has(node)));
  for (const { node, parent, group } of edges) {
    group.classList.toggle("path", Boolean(what?.has(node) && what.has(parent) && node !== chosen));
  }
}

/* The view: all of the graph; of one that is too large for its strip, its shape without words. */

const [WIDTH, HEIGHT] = DATA.size;
const stage = document.querySelector(".stage");
const READABLE = 0.5;
let view = [0, 0, WIDTH, HEIGHT];
const scaleOfView = () => Math.min(stage.clientWidth / view[2], stage.clientHeight / view[3]);

function showView() {
  const isWhole = document.body.classList.contains("whole");
  if (!isWhole) view = [0, 0, WIDTH, HEIGHT];
  const isSmall = !isWhole && !MODES.printing && scaleOfView() < READABLE;
  stage.classList.toggle("small", isSmall);
  $("picture").setAttribute("viewBox", view.join(" "));
  $("picture").setAttribute("preserveAspectRatio", isSmall ? "none" : "xMidYMid");
}

/* About a place, by default that of the current node. */
function zoom(times, place) {
  const [x, y, width, height] = view;
  const node = MODES.whole ? reached : steps[position].node;
  const [, left, top] = node ? shapes[node.index].group.getAttribute("transform").match(/\((\S+),(\S+)\)/).map(Number) : [];
  const [atX, atY] = place ?? (node ? [left + 40, top + 20] : [x + width / 2, y + height / 2]);
  view = [atX - (atX - x) / times, atY - (atY - y) / times, width / times, height / times];
  showView();
}

function pan(dx, dy) {
  const scale = scaleOfView();
  view = [view[0] - dx / scale, view[1] - dy / scale, view[2], view[3]];
  showView();
}
