/* The sweep as beginners write it: = for +=, without topological order, without zeroing; each step
   with the gradients that it leaves, beside the right ones. */

const MOST_VISITS = 300;
let mistake = DATA.mistake;
let isCut = false; // without an order each path is gone along, and there may be very many

/* A step passes on along all edges of a node, or, without an order, along one and then goes there. */
function mistaken() {
  const isOverwritten = mistake === "overwrite";
  const grad = mistake === "unzeroed" ? [...complete] : new Array(nodes.length).fill(0);
  const received = nodes.map((_, i) => (mistake === "unzeroed" ? 1 : Number(i === root.index)));
  const found = [];
  isCut = false;
  grad[root.index] = 1;
  const passed_ = new Set();
  const pass = (node, operands) => {
    const isAgain = passed_.has(`${node.index} ${operands}`);
    passed_.add(`${node.index} ${operands}`);
    const used = grad[node.index];
    for (const operand of operands) {
      const { index } = node.parents[operand];
      grad[index] = (isOverwritten ? 0 : grad[index]) + used * node.local[operand];
      received[index] += 1;
    }
    if (operands.every((operand) => node.parents[operand].isConstant)) return;
    found.push({ phase: "backward", node, done: order.get(node), operands, used, isAgain, grad: [...grad], received: [...received] });
  };
  const visit_ = (node) => node.parents.forEach((parent, operand) => {
    isCut ||= found.length >= MOST_VISITS;
    if (isCut) return;
    pass(node, [operand]);
    visit_(parent);
  });
  if (mistake === "unordered") visit_(root);
  else for (const node of sweepOrder) pass(node, [...node.parents.keys()]);
  return found;
}

/* Where it goes wrong: the first step after which a parent's gradient is another than the right sweep
   has there; without an order, the first that passes on what is not complete, or is passed on again. */
const wrongParent = ({ node, done, grad }) => {
  const right = sweep(done + 1).grad;
  return node.parents.find(({ isConstant, index }) => !isConstant && grad[index] !== right[index]);
};
const isWrong = (each) => mistake === "unordered"
  ? each.used !== complete[each.node.index] || (each.isAgain && each.used !== 0)
  : Boolean(wrongParent(each));
const firstWrong = () => steps.findIndex((each) => each.grad && isWrong(each));

/* The right gradient of a node that is wrong at a step. */
function rightOf(node) {
  if (mistake !== "unordered") return sweep(steps[position].done + 1).grad[node.index];
  const parted = firstWrong();
  return parted >= 0 && position >= parted ? complete[node.index] : steps[position].grad[node.index];
}

function mistakeSaid(at) {
  const parted = firstWrong();
  if (parted < 0) return say("forgiven", {});
  if (at < parted) return say("still right", {});
  if (at > parted) return say("parted", { number: parted + 1 });
  const { node, used, grad } = steps[parted];
  if (mistake === "unordered") {
    return say("passes early", { node: nameOf(node), result: number(used), real: number(complete[node.index]) });
  }
  const wrong = wrongParent(steps[parted]);
  return say("parts here", { node: nameOf(wrong), result: number(grad[wrong.index]), real: number(rightOf(wrong)) });
}
