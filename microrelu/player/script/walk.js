/* The walk from node to node by keys: in the whole graph one node stands in the order of Tab, and the
   arrows go on from it, up and down through the columns, left to a parent, right to what it feeds. */

const middle = ({ group }) => {
  const [x, y] = group.getAttribute("transform").match(/\((\S+),(\S+)\)/).slice(1).map(Number);
  return [Math.round(x + Number(group.querySelector("rect").getAttribute("width")) / 2), y];
};
const reachable = nodes.filter((node) => !node.isConstant).map((node) => [node, ...middle(shapes[node.index])])
  .sort(([, a, b], [, c, d]) => a - c || b - d).map(([node]) => node);
let reached = null;

function showReach() {
  const isFocused = stage.contains(document.activeElement);
  const wasWhole = stage.tabIndex < 0;
  stage.tabIndex = MODES.whole ? -1 : 0;
  if (!MODES.whole && !wasWhole) return;
  const { node, members } = steps[position];
  const near = [isFocused && reached, node, members?.find((each) => !each.isConstant), reachable[0]];
  reached = near.find((each) => each && !each.isConstant);
  for (const each of reachable) {
    const { group, value, grad } = shapes[each.index];
    const said = { role: "button", tabindex: each === reached ? 0 : -1, "aria-label": labelOf(each, value.textContent, grad.textContent) };
    for (const [name, text] of Object.entries(said)) {
      if (MODES.whole) group.setAttribute(name, text);
      else group.removeAttribute(name);
    }
  }
  if (isFocused) (MODES.whole ? shapes[reached.index].group : stage).focus({ preventScroll: true });
}

function bringIntoView({ group }) {
  const [at, room] = [group, stage].map((each) => each.getBoundingClientRect());
  const isSeen = at.left >= room.left && at.right <= room.right && at.top >= room.top && at.bottom <= room.bottom;
  if (!isSeen) pan((room.left + room.right - at.left - at.right) / 2, (room.top + room.bottom - at.top - at.bottom) / 2);
}

/* Of a large graph as much is shown as can be read. */
function walkTo(node) {
  shapes[node.index].group.focus({ preventScroll: true });
  if (scaleOfView() < READABLE) zoom((2 * READABLE) / scaleOfView());
}

const TOWARDS = {
  ArrowUp: (node) => reachable[reachable.indexOf(node) - 1],
  ArrowDown: (node) => reachable[reachable.indexOf(node) + 1],
  ArrowLeft: (node) => node.parents.find((parent) => !parent.isConstant),
  ArrowRight: (node) => node.uses[0]?.[0],
};

function listenToNodes() {
  document.addEventListener("keydown", ({ key, target }) => {
    const isFree = !target.matches("input, select, #panel") && !stage.contains(target);
    if (MODES.whole && isFree && ["ArrowUp", "ArrowDown"].includes(key)) walkTo(reached);
  });
  stage.addEventListener("keydown", (event) => {
    const isNode = MODES.whole && event.target !== stage;
    if (event.key === "Enter" && !isNode) toggle("whole");
    else if (event.key === "Enter") visit(reached);
    else if (isNode && event.key in TOWARDS) walkTo(TOWARDS[event.key](reached) ?? reached);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  stage.addEventListener("focusin", ({ target }) => {
    if (!MODES.whole || target === stage) return;
    shapes[reached.index].group.tabIndex = -1;
    reached = nodes[Number(target.id.slice(1))];
    target.tabIndex = 0;
    if (target.matches(":focus-visible")) bringIntoView(shapes[reached.index]);
  });
}
