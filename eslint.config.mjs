// ESLint for the player's script. Its files share one scope in the page: each is linted with the
// others behind it, and what is found in its own lines is told. An error of syntax is, of any.
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
  "clearTimeout", "ResizeObserver", "Option",
  "DOMPoint",
];

export default [
  js.configs.recommended,
  {
    files: ["microrelu/player/script/*.js"],
    processor: shared,
    languageOptions: { globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
  },
];
