// Search on the map: units and territories are found here at once, cities and accounts by the server a moment later.
// A list box beside the field: arrows choose, Enter flies there, Escape leaves.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});
  const MOST = 6; // of each kind found here
  const plain = (id) => id.slice(id.indexOf(":") + 1).toLowerCase(); // "06037" of a mixed level's "county:06037"

  NS.addSearch = function (s) {
    const el = NS.el;
    const field = el("input", { type: "search", placeholder: "Find…", role: "combobox", "aria-label": "Find a unit, city, account or territory", title: "Find a unit, city, account or territory (/)", "aria-expanded": "false", "aria-controls": "terr-found", "aria-autocomplete": "list", autocomplete: "off", maxlength: "80" });
    const list = el("div", { id: "terr-found", class: "terr-found", role: "listbox", "aria-label": "Found", hidden: "" });
    const box = el("div", { class: "terr-search" }, field, list);
    let hits = [], at = -1, asked = "", timer = 0, waiting = false;

    function near(text) {
      const out = [];
      for (const t of s.territories) if (t.name.toLowerCase().includes(text) && out.length < MOST) out.push({ kind: "Territory", label: t.name, code: t.code });
      const exact = s.geo.index.get(text.toUpperCase()), units = new Set(exact === undefined ? [] : [exact]);
      const starts = [], holds = [];
      for (let u = 0; u < s.geo.n && starts.length < MOST; u++) {
        const name = s.geo.name[u].toLowerCase();
        if (name.startsWith(text) || plain(s.geo.id[u]).startsWith(text)) starts.push(u);
        else if (holds.length < MOST && name.includes(text)) holds.push(u);
      }
      for (const u of [...starts, ...holds]) if (units.size < MOST) units.add(u);
      for (const u of units) out.push({ kind: s.config.word, label: s.geo.name[u], units: [u] });
      return out;
    }

    function show(found) {
      hits = found;
      at = hits.length ? 0 : -1;
      list.replaceChildren(...hits.map((hit, i) => {
        const row = el("div", { role: "option", id: "terr-hit-" + i, "aria-selected": "false" }, el("span", { text: hit.label }), el("small", { text: hit.kind }));
        row.addEventListener("mousedown", (e) => { e.preventDefault(); go(hit); });
        return row;
      }));
      if (!hits.length && field.value.trim().length > 1) list.replaceChildren(el("p", { text: waiting ? "Looking among cities and accounts …" : "Nothing here is called “" + field.value.trim() + "”." }));
      list.hidden = !list.childNodes.length;
      field.setAttribute("aria-expanded", String(!list.hidden));
      mark();
    }

    function mark() {
      [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
      at < 0 ? field.removeAttribute("aria-activedescendant") : field.setAttribute("aria-activedescendant", "terr-hit-" + at);
      if (at >= 0 && list.children[at]) list.children[at].scrollIntoView({ block: "nearest" });
    }

    function close() {
      list.hidden = true;
      field.setAttribute("aria-expanded", "false");
    }

    function go(hit) {
      close();
      if (hit.code !== undefined) {
        const units = [];
        for (let u = 0; u < s.geo.n; u++) if (s.codes[u] === hit.code) units.push(u);
        return units.length ? s.flyTo(units) : s.say(hit.label + " has no " + s.config.words + " yet.");
      }
      let units = hit.units || [];
      if (hit.lat !== undefined) {
        const u = s.geo.at(NS.worldX(hit.lon), NS.worldY(hit.lat));
        if (u >= 0) units = [u];
        else if (!units.length) { s.map.setView([hit.lat, hit.lon], 9); return s.say(hit.label + " lies outside this plan's region."); }
      }
      if (hit.row !== undefined) s.inspect.account(hit.row);
      if (!units.length) return s.say(hit.label + " has no place on this map.");
      s.flyTo(units);
      s.aim(units[0]);
      const t = s.byCode.get(s.codes[units[0]]);
      s.say((hit.units ? hit.label : hit.label + ": " + s.geo.name[units[0]]) + " · " + (t ? t.name : "unassigned"));
    }

    function look() {
      const text = field.value.trim().toLowerCase();
      clearTimeout(timer);
      asked = "";
      if (text.length < 2 || !s.geo) { waiting = false; return show([]); }
      waiting = true;
      show(near(text));
      timer = setTimeout(() => { asked = text; s.push({ k: "find", text }); }, 350);
    }

    s.foundListener = (piece) => {
      if (piece.text !== asked || document.activeElement !== field) return;
      waiting = false;
      const chosen = hits[at];
      const more = piece.hits.filter((h) => !hits.some((q) => q.label === h.label && q.kind === h.kind));
      show([...hits, ...more]);
      if (chosen) { at = hits.indexOf(chosen); mark(); }
      asked = "";
    };

    field.addEventListener("input", look);
    field.addEventListener("blur", close);
    field.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" || e.key === "ArrowUp") {
        if (hits.length) at = (at + (e.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length;
        mark();
        e.preventDefault();
      } else if (e.key === "Enter") {
        if (hits[at]) {
          go(hits[at]);
          s.map.getContainer().focus({ preventScroll: true }); // Enter once more gives it to the active territory
        }
        else if (field.value.trim().length > 1 && !waiting) s.say("Nothing here is called “" + field.value.trim() + "”.");
      } else if (e.key === "Escape") {
        field.value = "";
        show([]);
        s.map.getContainer().focus();
      }
    });
    return { box, focus: () => { window.focus(); field.focus(); field.select(); } };
  };
})();
