/* The address: behind its # stand the step, the changed leaves and what is shown, so that a link
   opens there, and the browser's back and forward lead through what was looked at. */

const OWN = ["step", "mode", "view", "example", "leaf", "lang", "theme"];
const VIEWS = ["whole", "lecture", "unfolded", "nudge"];
const REST = 300; // milliseconds without a change, after which a state is noted
const [firstLanguage, firstChosen] = [column, chosen];

/* What a leaf is called there: its name, or its number, as n3, where others are labelled alike, which
   the picture tells apart by marks: w′, w[3]. */
const unmarked = ({ text }) => text.replace(/(?:[′″]|\[\d+\])$/, "");
const alike = new Map();
for (const node of nodes) alike.set(unmarked(node), (alike.get(unmarked(node)) ?? 0) + 1);
const isOwn = (leaf) => alike.get(leaf.text) === 1 && !OWN.includes(leaf.text);
const nameInAddress = (leaf) => (isOwn(leaf) ? leaf.text : `n${leaf.index}`);

function address() {
  const said = new URLSearchParams();
  if (position) said.set("step", position + 1);
  for (const leaf of leaves) if (leaf.changed !== undefined) said.set(nameInAddress(leaf), leaf.changed);
  if (mistake !== DATA.mistake) said.set("mode", mistake);
  if (example !== null) said.set("example", example + 1);
  const views = VIEWS.filter((view_) => MODES[view_]);
  if (isByLayers) views.push("layers");
  if (isDifferentiating) views.push("derivation");
  if (views.length) said.set("view", views.join(" "));
  if (chosen !== firstChosen) said.set("leaf", nameInAddress(chosen));
  if (column !== firstLanguage) said.set("lang", DATA.languages[column]);
  if (theme !== "auto") said.set("theme", theme);
  const text = String(said);
  return text && `#${text}`;
}

/* Where a state has come to rest, it is noted: another step or view as an entry of the history, a
   leaf's number, or what is played or stands in a notebook's frame, in place of the entry before. */
let noted = "";
let rest = 0;
const viewIn = (hash) => {
  const said = new URLSearchParams(hash.slice(1));
  return ["step", "mode", "view", "example"].map((key) => said.get(key)).join();
};

function note() {
  clearTimeout(rest);
  rest = setTimeout(() => {
    const now = address();
    if (now === noted || MODES.printing) return;
    const isEntry = !timer && window.parent === window && viewIn(now) !== viewIn(noted);
    noted = now;
    const whole = location.href.split("#")[0] + now;
    try {
      window.history[isEntry ? "pushState" : "replaceState"](null, "", whole);
    } catch {
      location.hash = now; // where a frame may not write its history
    }
  }, REST);
}

/* What the address says; what it says of nothing here is passed over. */
function follow() {
  const said = new URLSearchParams(location.hash.slice(1));
  const numberOf = (key) => Number(said.get(key)?.trim() || NaN);
  const isNamed = (leaf, key) => [nameInAddress(leaf), `n${leaf.index}`].includes(key);
  if (DATA.languages.includes(said.get("lang"))) speak(said.get("lang"));
  if (Object.keys(THEMES).includes(said.get("theme"))) paint(said.get("theme"));
  for (const leaf of leaves) {
    const value = numberOf([...said.keys()].find((key) => isNamed(leaf, key)));
    if (Number.isFinite(value) && !leaf.lockedBy) leaf.changed = value;
    else delete leaf.changed;
  }
  compute();
  const named = leaves.find((leaf) => isNamed(leaf, said.get("leaf")));
  [chosen, isPicked] = [named ?? firstChosen, Boolean(named)];
  const views = (said.get("view") ?? "").split(" ");
  for (const each of VIEWS) MODES[each] = views.includes(each);
  isDifferentiating = views.includes("derivation");
  const modes = [...$("mistake").options].map(({ value }) => value);
  const mode = modes.includes(said.get("mode")) ? said.get("mode") : DATA.mistake;
  const one = numberOf("example") - 1;
  label();
  choosePasses(views.includes("layers") && !mode, DATA.examples[one] && !mode ? one : null, mode);
  if (views.includes("nudge")) startNudge();
  const at = numberOf("step");
  go(Number.isInteger(at) ? at - 1 : 0);
  noted = address();
}
