// Draws the formulas of rendered statements. KaTeX is fetched when there is a first one to draw.

const KATEX = new URL("../katex/", import.meta.url);
// Bounds of KaTeX's own on what a formula may cost; a statement's author is not trusted.
const OPTIONS = { throwOnError: false, trust: false, maxSize: 50, maxExpand: 1000, strict: false };

let library = null;

/** Draw what is in `.math` below `root`: `\(TeX\)` in the line, `\[TeX\]` by itself. */
export async function drawMaths(root) {
  const formulas = [...root.querySelectorAll(".math")];
  if (formulas.length === 0) return;
  library ??= load();
  const { default: katex } = await library;
  for (const formula of formulas) {
    const tex = formula.textContent.replace(/^\\[([]/, "").replace(/\\[)\]]$/, "");
    const displayMode = formula.classList.contains("display");
    katex.render(tex, formula, { ...OPTIONS, displayMode });
  }
}

async function load() {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("katex.css", KATEX).href;
  document.head.append(style);
  return import(new URL("katex.js", KATEX).href);
}
