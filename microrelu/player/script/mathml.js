/* The MathML of numbers and formulas, set as notation.py sets them. A part is [MathML, how tightly it
   holds together, its number or null, and for a sum or a product the pieces between which a line
   may be broken]. */

const [LITERAL, SUM, NEGATIVE, , PRODUCT, POWER, ATOM] = [-1, 0, 1, 2, 3, 4, 5];
const RAISED_DIGITS = [..."⁰¹²³⁴⁵⁶⁷⁸⁹"];
const RAISED = { "-": "⁻", ...RAISED_DIGITS };

/* Python's rounding: to so many significant digits, and to the even one of two that are as near. */
function rounded(x, digits) {
  const [all, exponent] = Math.abs(x).toExponential(60).split("e");
  const plain = all.replace(".", "");
  let kept = BigInt(plain.slice(0, digits));
  const rest = plain.slice(digits);
  const half = "5".padEnd(rest.length, "0");
  if (rest > half || (rest === half && kept % 2n)) kept += 1n;
  const carried = String(kept).length > digits;
  return [String(kept).slice(0, digits).padEnd(digits, "0"), Number(exponent) + (carried ? 1 : 0)];
}

/* Four digits; a number that they round keeps its zeros, a shorter one is exact, to twelve. */
function number(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const digits = Math.max(4, size < 1e6 ? String(Math.trunc(size)).length : 0);
  const [kept, exponent] = rounded(x, digits);
  const [exact, at] = rounded(x, 12);
  const isExact = at === exponent && kept.padEnd(12, "0") === exact;
  const strip = (text) =>
    text.includes(".") ? text.replace(isExact ? /\.?0*$/ : /\.$/, "") : text;
  const sign = x < 0 ? "−" : "";
  if (exponent < -4 || exponent >= digits) {
    const raised = [...String(exponent)].map((character) => RAISED[character]).join("");
    return `${sign}${strip(`${kept[0]}.${kept.slice(1)}`)}×10${raised}`;
  }
  if (exponent < 0) return sign + strip(`0.${"0".repeat(-exponent - 1)}${kept}`);
  return sign + strip(`${kept.slice(0, exponent + 1)}.${kept.slice(exponent + 1)}`);
}

const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;
const sign = (text) => `<mo>${text}</mo>`;
const bracket = ([text, level], lowest) =>
  level >= lowest ? text : row(sign("("), text, sign(")"));

function typesetNumber(x) {
  const text = number(x);
  const [digits, exponent] = text.split("×10");
  const minus = digits.startsWith("−") ? sign("−") : "";
  const index =
    exponent && [...exponent].map((character) => RAISED_DIGITS.indexOf(character)).join("");
  const ten = exponent
    ? `${sign("×")}<msup><mn>10</mn><mn>${index.replace("-1", "−")}</mn></msup>`
    : "";
  const written = `${minus}<mn>${digits.replace("−", "")}</mn>${ten}`;
  return [minus || ten ? row(written) : written, minus ? NEGATIVE : ten ? PRODUCT : ATOM, x];
}

const SIGNS = { "+": "+", "-": "−", "*": "\u2062", "@": "·" };

/* The right side's pieces behind the left side's, its sign on the first of them. */
function join(left, kind, right, lowest) {
  const infix = `<mo form="infix">${SIGNS[kind]}</mo>`;
  const rest = right[1] >= lowest && right[3] ? right[3] : [bracket(right, lowest)];
  const signed = [infix + rest[0], ...rest.slice(1)];
  if (kind === "@") return [...left, ...signed];
  return [...left, signed]; // a term is kept together where it fits on a line
}

function typesetBinary(kind, left, right) {
  if (kind === "+" || kind === "-") {
    const lowest = kind === "-" || right[1] === NEGATIVE ? PRODUCT : SUM;
    const first = bracket(left, SUM);
    const text = row(first, sign(SIGNS[kind]), bracket(right, lowest));
    const terms = left[1] === SUM && left[3] ? left[3] : [left[3] ?? [first]];
    return [text, SUM, null, join(terms, kind, right, lowest)];
  }
  if (kind === "/") return [`<mfrac>${left[0]}${right[0]}</mfrac>`, PRODUCT, null];
  const dot = kind === "*" && right[2] !== null ? "@" : kind;
  const text = row(bracket(left, NEGATIVE), sign(SIGNS[dot]), bracket(right, PRODUCT));
  const level = left[1] === NEGATIVE ? NEGATIVE : PRODUCT;
  if (dot === "*") return [text, level, null];
  const before = left[1] >= NEGATIVE && left[3] ? left[3] : [bracket(left, NEGATIVE)];
  return [text, level, null, join(before, dot, right, PRODUCT)];
}

/* A formula's tree with its operands filled in: by names, or by numbers. */
function typesetTree(tree, operands) {
  if (typeof tree === "number") return operands[tree];
  const [kind, ...rest] = tree;
  if (kind === "number") return typesetNumber(rest[0]);
  if (kind === "name") return [...rest, null];
  if (kind === "call") {
    const inner = rest.slice(2).map((part) => typesetTree(part, operands));
    if (rest[0] === "abs") return [row(sign("|"), bracket(inner[0], SUM), sign("|")), ATOM, null];
    if (rest[0] === "sqrt") return [`<msqrt>${inner[0][0]}</msqrt>`, ATOM, null];
    const lowest = inner.length > 1 ? SUM : LITERAL;
    const given = inner.map((part) => bracket(part, lowest)).join(sign(","));
    const all = row(sign("("), given, sign(")"));
    return [row(`<mi>${rest[1]}</mi>`, sign("\u2061"), all), ATOM, null];
  }
  const parts = rest.map((part) => typesetTree(part, operands));
  if (kind === "negate") return [row(sign("−"), bracket(parts[0], PRODUCT)), NEGATIVE, null];
  if (kind === "**") {
    const [base, exponent] = parts;
    const [left, right] = rest[1][0] === "-" ? rest[1].slice(1) : [];
    const numbers = [left, right].map((part) => part !== undefined && typesetTree(part, operands)[2]);
    const shown = numbers.every((value) => typeof value === "number")
      ? typesetNumber(numbers[0] - numbers[1])
      : exponent;
    return [`<msup>${bracket(base, ATOM)}${shown[0]}</msup>`, POWER, null];
  }
  return typesetBinary(kind, parts[0], parts[1]);
}

const typesetSum = (parts) => parts.reduce((so, part) => typesetBinary("+", so, part));
const typesetProduct = (parts) => parts.reduce((so, part) => typesetBinary("@", so, part));
const typesetPartial = (over, under) => {
  const [above, below] = [over, under].map((part) => row(sign("∂"), bracket(part, SUM)));
  return [`<mfrac>${above}${below}</mfrac>`, POWER, null];
};
/* A symbol lights up what it stands for: n3 is a node's box, e5_0 an edge. */
const linked = (key, [text, ...how]) => [`<mstyle data-link="${key}">${text}</mstyle>`, ...how];
const typesetPlainName = (node) => (node.name ? [...node.name, null] : typesetNumber(node.data));
const typesetName = (node) =>
  node.name ? linked(`n${node.index}`, typesetPlainName(node)) : typesetNumber(node.data);
const typesetGradient = (node) =>
  linked(`n${node.index}`, typesetPartial(typesetPlainName(root), typesetPlainName(node)));
