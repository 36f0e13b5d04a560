/* The equations of a step, and the derivation with respect to a leaf. Formulas are made of MathML
   that Python escaped and of numbers, never of raw text. */

/* The equations of a step, each a list of parts to be joined by equals signs. */

function equation(node, numbers = true) {
  if (!node.parents.length || isRest(node)) return [typesetName(node), typesetNumber(node.data)];
  const parts = [typesetName(node), typesetFormula(node)];
  if (numbers && node.row.formula !== undefined) {
    parts.push(typesetFormula(node, (operand) => typesetNumber(operand.data)));
  }
  if (numbers) parts.push(typesetNumber(node.data));
  return parts;
}

/* A whole formula: a label that is no name is bracketed even where it stands alone. */
function typesetWhole(tree, operands) {
  const part = typesetTree(tree, operands);
  return part[1] === LITERAL ? [bracket(part, SUM), ATOM, null] : part;
}

function typesetFormula({ row: { formula, shown }, parents }, typesetOperand = typesetName) {
  const isLong = formula === undefined; // while 0 is the formula of one operand, that operand
  return isLong ? [shown[0], SUM, null] : typesetWhole(formula, parents.map(typesetOperand));
}

function typesetLocal(node, operand) {
  const { derivatives } = node.row;
  return derivatives?.length ? typesetWhole(derivatives[operand], node.parents.map(typesetName)) : null;
}

/* The symbol of a local derivative, never that of a gradient which it is not: ∂z/∂w where w reaches
   z as this operand alone, ∂(v − w)/∂w where it does so through others too; null where it is an
   operand twice, but ∂₂(f(w, w)) if nothing else says which. */
function typesetSymbol(node, operand) {
  const parent = node.parents[operand];
  const edge = (part) => linked(`e${node.index}_${operand}`, part);
  if (node.parents.filter((other) => other === parent).length > 1) {
    if (typesetLocal(node, operand)) return null;
    const place = `<msub>${sign("∂")}<mn>${operand + 1}</mn></msub>`;
    return edge([row(place, sign("("), typesetFormula(node, typesetPlainName)[0], sign(")")), POWER, null]);
  }
  if (isRest(node) && node.indirect.has(operand)) return null;
  if (!node.indirect.has(operand)) return edge(typesetPartial(...[node, parent].map(typesetPlainName)));
  const own = bracket(typesetFormula(node, typesetPlainName), ATOM);
  return edge(typesetPartial([own, ATOM], typesetPlainName(parent)));
}

function factors(node, operand) {
  const upstream = typesetGradient(node);
  const symbol = typesetSymbol(node, operand);
  const value = typesetNumber(node.local[operand]);
  const written = typesetLocal(node, operand) ?? (node === root ? value : symbol);
  return [[upstream, symbol ?? written], [upstream, written], [typesetNumber(complete[node.index]), value]];
}

/* ∂C/∂z · ∂z/∂w, then ∂C/∂z · x, then −0.4 · 2, then −0.8: each said once. */
function product(node, operand) {
  const [chain, written, numbers] = factors(node, operand);
  const said = node === root ? [written] : [chain, written];
  if (said.length === 2 && [numbers[1][0], chain[1][0]].includes(written[1][0])) said.pop();
  const amount = typesetNumber(complete[node.index] * node.local[operand]);
  return [...said.map(typesetProduct), typesetProduct(numbers), amount];
}

const unrepeated = (parts) => [...new Map(parts.map((part) => [part[0], part])).values()];

/* The gradient of a node, gathered from all that it feeds. */
function gathered(node) {
  const left = typesetGradient(node);
  const { uses } = node;
  if (node === root) return [left, typesetNumber(complete[node.index])];
  if (uses.length === 1) return [left, ...product(...uses[0])];
  const levels = [0, 1, 2].map((level) =>
    typesetSum(uses.map((use) => typesetProduct(factors(...use)[level]))),
  );
  return unrepeated([left, ...levels, typesetNumber(complete[node.index])]);
}

function allGathered(node) {
  const isShort = node.uses.length <= MOST_PATHS;
  return unrepeated(isShort ? gathered(node) : [typesetGradient(node), typesetNumber(complete[node.index])]);
}

/* With respect to one leaf: the derivation along its paths. */

const MOST_PATHS = 8;
const LONGEST_PATH = 40;

function derivation(leaf) {
  const { count, on } = pathsTo(leaf);
  const between = on.filter((node) => node !== root).reverse();
  if (count > MOST_PATHS || between.length > LONGEST_PATH) {
    return { on, count, rows: between.filter((node) => !feedsStale(node)).map(gathered) };
  }
  const levels = [
    ([node, operand]) => typesetSymbol(node, operand) ?? typesetLocal(node, operand) ?? typesetNumber(node.local[operand]),
    ([node, operand]) => typesetLocal(node, operand) ?? typesetNumber(node.local[operand]),
    ([node, operand]) => typesetNumber(node.local[operand]),
  ];
  if (on.some((node) => node.isStale)) return { on, count: null, rows: [] };
  const paths = allPaths(leaf, on).filter((path) => path.length);
  const written = paths.length
    ? levels.map((level) => typesetSum(paths.map((path) => typesetProduct(path.map(level)))))
    : [];
  const parts = [typesetGradient(leaf), ...written, typesetNumber(complete[leaf.index])];
  return { on, count: null, rows: [unrepeated(parts)] };
}

/* What is shown. */

const math = (inner) => `<math displaystyle="true" lang="en">${inner}</math>`;

/* One equation, which may be broken before its equals signs, its pluses and its dots. */
function equationRow([left, ...parts], className = "", gains = false) {
  const rest = parts.map(([text, level, , pieces], i) => {
    const terms = level === SUM && pieces ? pieces : [pieces ?? [text]];
    const equals = sign(gains && i === 0 ? "+=" : "=");
    const [[first, ...others], ...more] = terms;
    const written = [[equals + first, ...others], ...more].map(
      (term) => `<span>${term.map((piece) => math(piece)).join("")}</span>`,
    );
    return `<span class="relation${i === parts.length - 1 ? " result" : ""}">${written.join("")}</span>`;
  });
  return `<div class="row ${className}">${math(left[0])}<span class="rest">${rest.join("")}</span></div>`;
}

function contributionRows(node, totals) {
  const running = new Map();
  return node.parents.map((parent, operand) => {
    const before = running.get(parent) ?? totals.grad[parent.index];
    const after = before + complete[node.index] * node.local[operand];
    running.set(parent, after);
    if (parent.isConstant) return "";
    const written = typesetLocal(node, operand);
    const local = [typesetSymbol(node, operand), written, typesetNumber(node.local[operand])].filter(Boolean);
    const shared = parent.uses.length > 1;
    const passed = unrepeated([typesetGradient(parent), ...product(node, operand)]);
    const so = say("so far", { number: number(after) });
    const total = shared ? `<span class="total">${so}</span>` : "";
    const isApart = local.length === 3 || (!written && local.length === 2);
    const first = isApart ? equationRow(unrepeated(local), "local") : "";
    const second = equationRow(passed, "product", shared);
    return `<div class="contribution">${first}${second}${total}</div>`;
  });
}

/* In one line: how a node was made, or what one parent receives; all of it unfolds. */
function shortEquation({ phase, node, done }, operand) {
  if (!node || node.isStale) return null;
  if (phase !== "backward") return [...equation(node).slice(0, 2), typesetNumber(node.data)];
  if (done < 0) return [typesetGradient(node), typesetNumber(complete[node.index])];
  const parts = product(node, operand);
  return [typesetGradient(node.parents[operand]), ...parts.slice(-3, -2), ...parts.slice(-1)];
}

function showEquations(operand) {
  const step = steps[position];
  const { phase, node, members, formula, done, used } = step;
  if (used !== undefined) return ["equation", "mathematics", "derivation"].forEach((id) => $(id).replaceChildren());
  const isBack = phase === "backward";
  const short = members ? null : shortEquation(step, operand);
  const isGain = isBack && done >= 0 && node?.parents[operand].uses.length > 1;
  const written = short && equationRow(unrepeated(short), isBack ? "product" : "equation", isGain);
  $("equation").innerHTML = formula ? math(formula) : (written ?? "");
  const shown = [];
  if (members) {
    const rows = members.filter((each) => !each.isStale);
    const told = isBack ? rows.filter((each) => !feedsStale(each)).map(gathered) : rows.map((each) => equation(each));
    shown.push(...told.map((parts) => equationRow(unrepeated(parts), isBack ? "gathered" : "equation")));
  } else if (node && !node.isStale) {
    shown.push(equationRow(equation(node), "equation"));
    if (isBack && !feedsStale(node)) shown.push(equationRow(allGathered(node), "gathered"));
    if (isBack && done >= 0) {
      shown.push('<div class="contributions">', ...contributionRows(node, sweep(done)), "</div>");
    }
  }
  $("mathematics").innerHTML = shown.join("");
  const what = isDifferentiating && chosen ? derivation(chosen) : null;
  const rows = what ? what.rows.map((parts) => equationRow(unrepeated(parts))) : [];
  $("derivation").innerHTML = (what?.count ? "<p></p>" : "") + rows.join("");
  if (what?.count) {
    const names = { count: what.count, root: nameOf(root), leaf: nameOf(chosen) };
    $("derivation").firstChild.textContent = say("too many paths", names);
  }
  for (const symbol of document.querySelectorAll(".said mstyle, #panel mstyle")) symbol.tabIndex = 0;
  return undefined;
}
