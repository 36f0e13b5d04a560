/* The export: what is shown of a step as a picture that needs neither the page nor its styles.
   Boxes and texts are measured where they stand; the whole graph is copied with its look. */

const clean = (text) => text.replace(/\p{Cc}/gu, " "); // XML cannot hold control characters
const tag = (name, given, inner = "") => {
  const attributes = Object.entries(given).map(([key, value]) =>
    ` ${key}="${escape(typeof value === "number" ? String(Number(value.toFixed(2))) : value)}"`);
  return `<${name}${attributes.join("")}>${inner}</${name}>`;
};
const polygon = (points, fill) => tag("polygon", { points: points.map((point) => point.map((x) => x.toFixed(2)).join()).join(" "), fill });
const isClear = (colour) => /^rgba\(.*, 0\)$|^transparent$/.test(colour);
const px = (text) => parseFloat(text) || 0;

/* A ground and its border, an even one or side by side; of a point with sides, a triangle. */
function ground({ left, top, width, height }, style) {
  const sides = ["Top", "Right", "Bottom", "Left"].map((side) => ({
    size: px(style[`border${side}Width`]), colour: style[`border${side}Color`], isDashed: style[`border${side}Style`] === "dashed",
  }));
  const [{ size, colour, isDashed }] = sides;
  const dashes = (by) => ({ "stroke-dasharray": `${3 * by} ${2 * by}` });
  const fill = isClear(style.backgroundColor) ? "none" : style.backgroundColor;
  if (sides.every((side) => side.size === size && side.colour === colour)) {
    if (!size && fill === "none") return "";
    const place = { x: left + size / 2, y: top + size / 2, width: width - size, height: height - size };
    const rx = Math.min(px(style.borderTopLeftRadius), place.height / 2);
    return tag("rect", { ...place, rx, fill, ...(size && { stroke: colour, "stroke-width": size, ...(isDashed && dashes(size)) }) });
  }
  const [right, bottom] = [left + width, top + height];
  const [t, r, b, l] = sides.map((side) => side.size);
  const outer = [[left, top], [right, top], [right, bottom], [left, bottom]];
  const inner = [[left + l, top + t], [right - r, top + t], [right - r, bottom - b], [left + l, bottom - b]];
  return sides.map((side, i) => {
    const j = (i + 1) % 4;
    if (!side.size || isClear(side.colour)) return "";
    if (!side.isDashed) return polygon([outer[i], outer[j], inner[j], inner[i]], side.colour);
    const [[x1, y1], [x2, y2]] = [outer[i], outer[j]];
    return tag("line", { x1, y1, x2, y2, stroke: side.colour, "stroke-width": side.size, ...dashes(side.size) });
  }).join("");
}

function groundOf(element, pseudo) {
  const style = getComputedStyle(element, pseudo);
  const at = element.getBoundingClientRect();
  if (!pseudo) return ground(at, style);
  if (style.content !== '""') return "";
  const [width, height] = [["Left", "width", "Right"], ["Top", "height", "Bottom"]].map(([one, size, other]) =>
    px(style[`border${one}Width`]) + px(style[size]) + px(style[`border${other}Width`]));
  const [dx, dy = "0px"] = style.translate.split(" ");
  const moved = (text, size) => (text.endsWith("%") ? (px(text) * size) / 100 : px(text));
  return ground({ left: at.left + px(style.left) + moved(dx, width), top: at.top + px(style.top) + moved(dy, height), width, height }, style);
}

/* A text, line by line, as wide as it is here whatever font is found elsewhere; a bracket that was
   stretched, as high. */
const brush = document.createElement("canvas").getContext("2d");
function textOf(node) {
  const style = getComputedStyle(node.parentElement);
  const range = document.createRange();
  const lines = [];
  let at = 0;
  for (const letter of node.data) {
    range.setStart(node, at);
    range.setEnd(node, (at += letter.length));
    const { left, right, top } = range.getBoundingClientRect();
    if (right === left) continue;
    if (lines.at(-1)?.top !== top) lines.push({ text: "", left, top });
    Object.assign(lines.at(-1), { text: lines.at(-1).text + letter, right });
  }
  const isItalic = node.parentElement.localName === "mi" && [...node.data].length === 1;
  const font = {
    "font-family": style.fontFamily, "font-size": px(style.fontSize), "font-weight": style.fontWeight,
    "font-style": isItalic ? "italic" : style.fontStyle,
  };
  brush.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const { fontBoundingBoxAscent: rise, actualBoundingBoxAscent: above, actualBoundingBoxDescent: below } = brush.measureText(node.data);
  const whole = node.parentElement.getBoundingClientRect();
  const isStretched = node.parentElement.localName === "mo" && whole.height > 1.3 * px(style.fontSize);
  const times = whole.height / (above + below);
  return lines.map(({ text, left, right, top }) => tag("text", {
    x: left, ...(isStretched ? { y: 0, transform: `translate(0 ${whole.top + above * times}) scale(1 ${times})` } : { y: top + rise }),
    ...font, fill: style.color, textLength: right - left, lengthAdjust: "spacingAndGlyphs", "xml:space": "preserve",
  }, escape(clean(text)))).join("");
}

/* What MathML draws besides texts: the line of a fraction, a root. */
function drawnIn(element) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const stroke = { fill: "none", stroke: style.color, "stroke-width": px(style.fontSize) / 16 };
  if (element.localName === "mfrac") {
    const [above, below] = [...element.children].map((each) => each.getBoundingClientRect());
    const y = (above.bottom + below.top) / 2;
    return tag("path", { d: `M${left} ${y}H${right}`, ...stroke });
  }
  if (element.localName !== "msqrt") return "";
  const x = element.firstElementChild.getBoundingClientRect().left;
  return tag("path", { d: `M${left} ${(top + 2 * bottom) / 3}L${(left + x) / 2} ${bottom}L${x} ${top + 1}H${right}`, ...stroke });
}

function copyOfElement(element) {
  const { width, height } = element.getBoundingClientRect();
  const isLeft = element.matches("button") || getComputedStyle(element).visibility === "hidden" || width + height === 0;
  if (isLeft) return "";
  const inner = [...element.childNodes].map((node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? textOf(node) : "";
    return node.nodeType === Node.ELEMENT_NODE ? copyOfElement(node) : "";
  });
  return [groundOf(element), groundOf(element, "::before"), drawnIn(element), ...inner, groundOf(element, "::after")].join("");
}

/* The whole graph, each part with the look that it has here. */
const LOOK = {
  text: ["fill", "font-family", "font-size", "font-style", "font-weight", "text-anchor"],
  shape: ["fill", "stroke", "stroke-width", "stroke-dasharray", "marker-end"],
};
function copyOfGraph() {
  const copy = $("picture").cloneNode(true);
  const originals = $("picture").querySelectorAll("*");
  copy.querySelectorAll("*").forEach((each, i) => {
    for (const name of ["class", "tabindex", "role", "aria-label", "data-said", "style"]) each.removeAttribute(name);
    if (!each.matches("rect, path, text, tspan")) return;
    const style = getComputedStyle(originals[i]);
    for (const name of LOOK[each.matches("text, tspan") ? "text" : "shape"]) {
      const value = style.getPropertyValue(name);
      if (value !== "none" || name === "fill") each.setAttribute(name, value.replaceAll('"', ""));
    }
  });
  return new XMLSerializer().serializeToString(copy).replace(/^<svg[^>]*>|<\/svg>$/g, "").replaceAll(` xmlns="${SVG}"`, "");
}

function picture() {
  const margin = 16;
  let [inner, place] = [copyOfGraph, [0, 0, WIDTH, HEIGHT]];
  if (!MODES.whole) {
    const parts = [...step_.children, $("sentence"), ...$("equation").children];
    const places = parts.flatMap((part) => [part, ...part.querySelectorAll("*")]).map((each) => each.getBoundingClientRect())
      .filter(({ width, height }) => width + height);
    const [left, top] = ["left", "top"].map((side) => Math.min(...places.map((each) => each[side])) - margin);
    const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...places.map((each) => each[side])) + margin);
    place = [left, top, right - left, bottom - top];
    inner = () => parts.map(copyOfElement).join("");
  }
  const [x, y, width, height] = place;
  const paper = tag("rect", { x, y, width, height, fill: getComputedStyle(document.body).backgroundColor });
  const text = tag("svg", { xmlns: SVG, width, height, viewBox: place.map((each) => each.toFixed(2)).join(" ") }, paper + inner());
  return { text, width, height };
}

/* Its name says which step it is: C-step-07.svg. */
function save(blob, kind) {
  const name = nameOf(root).replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 40);
  const place = String(position + 1).padStart(String(steps.length).length, "0");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = [name, WORDS.position.toLowerCase(), `${place}.${kind}`].filter(Boolean).join("-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function saveSvg() {
  save(new Blob([picture().text], { type: "image/svg+xml" }), "svg");
}

async function savePng() {
  const { text, width, height } = picture();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const scale = Math.min(2, 8192 / Math.max(width, height));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => save(blob, "png"), "image/png");
}
