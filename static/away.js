// While the server is away the page says so in Terr's words. Edits on the map wait in this browser (map/line.js), and
// Streamlit connects again by itself; where it doesn't though the server answers, the page is loaded anew.
(() => {
  "use strict";
  if (window.terrAway) return;
  const LATER = 1200, STUCK = 10000, EVERY = 3000; // ms until it is said; until a page that stays away is loaded anew
  const MAP = 'iframe[title="streamlit_folium.st_folium"]';
  let connected = false, back = false, box = null, timer = 0, answers = 0;
  const state = () => { const app = document.querySelector('[data-testid="stApp"]'); return app ? app.dataset.testConnectionState : ""; };

  function say(title, text) {
    if (!box) {
      box = document.body.appendChild(document.createElement("div"));
      box.id = "terr-away";
      box.setAttribute("role", "alert");
    }
    const strong = document.createElement("strong");
    strong.textContent = title;
    box.replaceChildren(strong, " " + text);
  }
  function hush() { if (box) box.remove(); box = null; }

  function away() {
    if (state() === "CONNECTED") return;
    back = false;
    say("Terr isn't answering.", document.querySelector(MAP)
      ? "Your plan is saved. You can go on: changes on the map are kept in this browser and stored as soon as Terr is back. This page comes back by itself."
      : "What you saved is safe. This page comes back by itself as soon as Terr is running again.");
    timer = setTimeout(ask, EVERY);
  }
  async function ask() {
    try { answers += (await fetch(new URL("_stcore/health", location.href), { cache: "no-store" })).ok ? EVERY : -answers; } catch (_) { answers = 0; }
    if (state() === "CONNECTED") return;
    if (answers > STUCK) return location.reload();
    timer = setTimeout(ask, EVERY);
  }

  function look() {
    const dialog = document.querySelector('[role="dialog"]'), title = dialog && dialog.querySelector("h2");
    if (title && title.textContent === "Connection error") { // it would lie over the map, and keep clicks from it
      const close = dialog.querySelector("button[aria-label='Close']");
      if (close) close.click();
    }
    if (state() === "CONNECTED") {
      clearTimeout(timer);
      timer = answers = 0;
      if (box && !back) {
        back = true;
        say("Terr is back.", "");
        setTimeout(() => state() === "CONNECTED" && hush(), 2500);
      }
      connected = true;
    } else if (connected && !timer) timer = setTimeout(away, LATER);
  }
  window.terrAway = new MutationObserver(look);
  window.terrAway.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-test-connection-state"] });
  look();
})();
