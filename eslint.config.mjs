// ESLint for the player's script, and for what its tests run in the page. The script's files share
// one scope there: each is linted with the others behind it, and what is found in its own lines is
// told. An error of syntax is, of any.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import js from "@eslint/js";

let ownLines = 0;
const shared = {
  preprocess(text, path) {
    const folder = dirname(path);
    const others = readdirSync(folder).filter((name) => name !== basename(path));
    ownLines = text.split("\n").length;
    return [[text, ...others.map((name) => readFileSync(join(folder, name), "utf8"))].join("\n")];
  },
  postprocess: ([messages]) => messages.filter(({ fatal, line }) => fatal || line <= ownLines),
};

const browser = [
  "window", "document", "innerWidth", "innerHeight", "addEventListener", "setTimeout",
  "clearTimeout", "ResizeObserver", "Option", "DOMPoint", "Node", "Image", "Blob", "URL",
  "URLSearchParams", "XMLSerializer", "getComputedStyle", "location",
];

const readonly = (names) => Object.fromEntries(names.map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  {
    files: ["microrelu/player/script/*.js"],
    processor: shared,
    languageOptions: { globals: readonly(browser) },
  },
  {
    files: ["tests/player/*.js"],
    languageOptions: { globals: readonly([...browser, "microrelu", "NodeFilter"]) },
  },
];
