// Tabs as the ARIA practices describe them: arrow keys move, one panel is shown.

import { byId, show } from "./elements.js";

const tabs = () => [...byId("tabs").querySelectorAll("[role=tab]")];

/** Listen to the tabs. */
export function listenToTabs() {
  byId("tabs").addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  byId("tabs").addEventListener("keydown", (event) => {
    const shown = tabs().filter((tab) => !tab.hidden);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const next = shown[(shown.indexOf(document.activeElement) + step + shown.length) % shown.length];
    choose(next);
    next.focus();
    event.preventDefault();
  });
}

/** Show the panel of this name: `run`, `samples` or `submissions`; on a phone, go there. */
export function openTab(name, { inSight = false } = {}) {
  choose(byId(`tab-${name}`));
  if (inSight && matchMedia("(max-width: 60rem)").matches) {
    byId(`panel-${name}`).scrollIntoView({ block: "start" });
  }
}

/** Offer these tabs. */
export function offerTabs(names) {
  for (const tab of tabs()) show(tab, names.includes(tab.id.replace("tab-", "")));
  show(byId("tabs"), names.length > 1);
}

function choose(chosen) {
  for (const tab of tabs()) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    show(byId(tab.getAttribute("aria-controls")), isChosen);
  }
}
