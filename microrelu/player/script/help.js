/* The help: keys and colours, language and theme, in a dialog; and the labels of all controls in the
   language that is shown. */

speak(document.documentElement.lang);

/* One rule of the style is for dark pages: what media it is for decides. */
const { media: dark } = [...document.styleSheets[0].cssRules].find((rule) => rule.media?.mediaText.includes("dark"));
const THEMES = { auto: dark.mediaText, light: "not all", dark: "screen" };
let theme = "auto";

function paint(name) {
  theme = name;
  dark.mediaText = THEMES[name];
  $("theme").value = name;
}

const KEYS_SAID = [
  ["← →", "previous", "next"], ["Home End", "first", "last"], ["␣", "play", "pause"],
  ["F", "lecture mode"], ["E", "equations"], ["L", "layer by layer"], ["N", "nudge"], ["U", "undo"],
  ["M", "other parents"], ["G", "whole graph"], ["+ −", "zoom in", "zoom out"],
  ["↑↓←→ Enter", "walk"], ["Esc", "to the step"], ["?", "help"],
];

function label() {
  for (const each of document.querySelectorAll("[data-said]")) {
    each.textContent = JSON.parse(each.dataset.said)[column];
  }
  for (const each of document.querySelectorAll("[data-say], [data-label]")) {
    const { say: text, label: name, key } = each.dataset;
    if (text) each.textContent = WORDS[text];
    if (name) each.setAttribute("aria-label", WORDS[name]);
    if (key !== undefined) each.title = WORDS[text ?? name] + (key && ` (${key})`);
  }
  for (const node of nodes.filter(isRest)) {
    node.row.symbol = say("rest", { count: node.row.hidden });
    shapes[node.index].group.querySelector(".symbol").textContent = node.row.symbol;
  }
  document.title = `${nameOf(root)}: ${WORDS["step by step"]}`;
  [...$("example").options].forEach((each, i) => (each.text = i
    ? say("example of", { number: i, count: DATA.examples.length })
    : WORDS["all examples"]));
  $("changed").textContent = say("no longer holds", { recompute: DATA.recompute });
  $("language").value = DATA.languages[column];
  const keys = KEYS_SAID.filter(([, said]) => said !== "layer by layer" || LAYERS.length);
  $("keys").innerHTML = keys.map(([key, ...said]) => {
    const shown = key.split(" ").map((each) => `<kbd>${each}</kbd>`).join(" ");
    return `<dt>${shown}</dt><dd>${said.map((each) => WORDS[each]).join(" / ")}</dd>`;
  }).join("");
}

function help() {
  if (timer) play(false);
  $("help").showModal();
}

function listenToHelp() {
  const names = DATA.words["language name"];
  $("language").append(...DATA.languages.map((each, i) => new Option(names[i], each)));
  $("ask").onclick = help;
  $("close").onclick = () => $("help").close();
  $("help").onclick = (event) => event.target === $("help") && $("help").close();
  $("language").onchange = (event) => {
    speak(event.target.value);
    label();
    show();
  };
  $("theme").onchange = (event) => {
    paint(event.target.value);
    note();
  };
  $("svg").onclick = saveSvg;
  $("png").onclick = savePng;
  $("print").hidden = window.parent !== window; // a notebook's frame may not print
  $("print").onclick = () => ($("help").close(), window.print());
}
