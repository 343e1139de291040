// The toolbar, pointer tools, keys, search and tooltip of the map. Text from people goes in as text, never as HTML.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});

  const ICONS = { // 20 x 20 strokes
    click: "M5 3l4 13 2-5 5-2z",
    paint: "M13 3l4 4-7 7H6v-4zM3 18h14",
    box: "M4 4h12v12H4z",
    lasso: "M10 4c4 0 7 2 7 4.500s-3 4.500-7 4.500-7-2-7-4.500S6 4 10 4zM6 13c-1 2 0 4 2 4",
    polygon: "M4 7l6-4 6 5-2 8H6z",
    lock: "M5 9h10v8H5zM7 9V6a3 3 0 016 0v3",
    undo: "M7 5L3 9l4 4M3 9h9a5 5 0 010 10h-2",
    redo: "M13 5l4 4-4 4M17 9H8a5 5 0 000 10h2",
    fit: "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5",
    points: "M5 5h.01M10 9h.01M15 6h.01M7 14h.01M14 15h.01",
  };
  const TOOLS = [
    ["click", "Click", "Click a unit to give it to the active territory; drag to move the map (V)", "v"],
    ["paint", "Paint", "Hold and drag over units (P)", "p"],
    ["box", "Box", "Drag a box around units (B)", "b"],
    ["lasso", "Lasso", "Draw freehand around units (A)", "a"],
    ["polygon", "Polygon", "Click corners around units; Enter or double-click closes it, Esc drops it (G)", "g"],
    ["lock", "Lock", "Click units to lock or unlock them (L)", "l"],
  ];

  function el(tag, attrs, ...children) {
    const node = document.createElement(tag);
    for (const [k, v] of Object.entries(attrs || {})) k === "text" ? (node.textContent = v) : node.setAttribute(k, v);
    node.append(...children);
    return node;
  }
  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  NS.addTools = function (s) {
    const map = s.map, box = map.getContainer();
    box.querySelectorAll(".terr-ui").forEach((old) => old.remove());
    const bar = el("div", { class: "terr-ui terr-bar", role: "toolbar", "aria-label": "Map tools" });
    const chip = el("span", { class: "terr-chip", "aria-hidden": "true" });
    const select = el("select", { "aria-label": "Active territory", title: "Active territory (keys 1 to 9; 0 = unassigned)" });
    const picker = el("label", { class: "terr-pick" }, chip, select);
    const search = el("input", { type: "search", placeholder: "Find…", "aria-label": "Find a unit or territory", title: "Find a unit or territory (/)", list: "terr-found", autocomplete: "off" });
    const found = el("datalist", { id: "terr-found" });
    const say = el("div", { id: "terr-say", class: "terr-ui terr-say", role: "status", "aria-live": "polite" });
    const tip = el("div", { class: "terr-ui terr-tip", role: "tooltip" });
    const stray = el("button", { class: "terr-ui terr-stray", type: "button", hidden: "" });
    const buttons = {};
    const button = (name, label, title, run, key) => {
      const b = (buttons[name] = el("button", { type: "button", title, class: ["undo", "redo", "fit", "points"].includes(name) ? "small" : "", "aria-label": title, "data-tool": name }, icon(name), el("span", { text: label })));
      if (key) b.setAttribute("aria-keyshortcuts", key.toUpperCase());
      b.addEventListener("click", run);
      return b;
    };
    bar.append(picker);
    for (const [name, label, title, key] of TOOLS) bar.append(button(name, label, title, () => setMode(name), key));
    bar.append(
      el("i", {}),
      button("undo", "Undo", "Undo the last edit (U)", () => s.act("undo"), "u"),
      button("redo", "Redo", "Redo (R)", () => s.act("redo"), "r"),
      button("fit", "Fit", "Show the whole region (F)", () => s.fit(), "f"),
      button("points", "Accounts", "Show accounts as points (O)", togglePoints, "o"),
      search, found,
    );
    box.append(bar, say, tip, stray);
    for (const node of [bar, stray]) { L.DomEvent.disableClickPropagation(node); L.DomEvent.disableScrollPropagation(node); }

    // --- modes ----------------------------------------------------------------------------------------------
    let mode = "click", outline = [], dragging = false, touched = null;
    const shape = L.polygon([], { color: "#14171c", weight: 2, dashArray: "5 4", fillOpacity: 0.08, interactive: false, renderer: L.svg() });

    function setMode(name) {
      mode = name;
      dragging = false; // a drag that was under way is dropped
      outline = [];
      shape.remove();
      const free = name === "click" || name === "lock" || name === "polygon";
      map.dragging[free ? "enable" : "disable"]();
      map.doubleClickZoom[name === "polygon" ? "disable" : "enable"]();
      box.dataset.mode = name;
      for (const [n] of TOOLS) buttons[n].setAttribute("aria-pressed", String(n === name));
    }

    const world = (latlng) => [NS.worldX(latlng.lng), NS.worldY(latlng.lat)];
    const unitAt = (latlng) => (s.geo ? s.geo.at(...world(latlng)) : -1);
    const preview = (points) => shape.setLatLngs(points.map(([x, y]) => NS.lonLat(x, y))).addTo(map);

    function finish() {
      const closed = outline;
      outline = [];
      shape.remove();
      if (closed.length < 3) return;
      const units = s.geo.inside(closed);
      if (!units.length) return s.say("No unit has its middle inside that shape. Draw it a little larger.");
      s.paint(units);
    }

    map.on("click", (e) => {
      if (!s.geo) return;
      if (mode === "polygon") { outline.push(world(e.latlng)); preview(outline); return; }
      if (mode !== "click" && mode !== "lock") return;
      const u = unitAt(e.latlng);
      if (u < 0) return;
      mode === "lock" ? s.lock([u]) : s.paint([u]);
    });
    map.on("dblclick", () => { if (mode === "polygon") finish(); });
    map.on("mousedown", (e) => {
      if (!s.geo || !["paint", "box", "lasso"].includes(mode) || e.originalEvent.button) return;
      dragging = true;
      const p = world(e.latlng);
      outline = [p];
      touched = new Set();
      if (mode === "paint") brush(e.latlng);
      L.DomEvent.preventDefault(e.originalEvent);
    });
    map.on("mousemove", (e) => {
      if (!s.geo) return;
      if (dragging) {
        const p = world(e.latlng);
        if (mode === "paint") brush(e.latlng);
        else if (mode === "box") { const [a] = outline; outline = [a, [p[0], a[1]], p, [a[0], p[1]]]; preview(outline); }
        else { outline.push(p); preview(outline); }
      }
      hover(e);
    });
    function brush(latlng) {
      const u = unitAt(latlng);
      if (u >= 0 && !touched.has(u)) { touched.add(u); s.paint([u]); }
    }
    const release = () => {
      if (!dragging) return;
      dragging = false;
      mode === "paint" ? (outline = []) : finish();
    };
    document.addEventListener("mouseup", release);
    map.on("mouseout", () => { tip.style.display = "none"; if (s.hover >= 0) { const u = s.hover; s.hover = -1; s.painter && s.painter.refresh([u]); } });

    // --- tooltip --------------------------------------------------------------------------------------------
    function hover(e) {
      const u = unitAt(e.latlng);
      if (u !== s.hover) {
        const changed = [u, s.hover].filter((v) => v >= 0);
        s.hover = u;
        if (changed.length) s.painter.refresh(changed);
      }
      if (u < 0 || dragging) { tip.style.display = "none"; return; }
      const t = s.byCode.get(s.codes[u]), lines = [s.geo.name[u] + " · " + s.geo.id[u]];
      lines.push(t ? t.name + (t.rep ? " · " + t.rep : "") + (t.locked ? " (locked)" : "") : "Unassigned");
      if (s.values) lines.push(s.measure + ": " + s.values[u] + " · " + s.accounts[u]);
      if (s.locked.has(u)) lines.push("Locked");
      if (s.preview && s.preview.has(u)) lines.push("Suggested: to " + (s.byCode.get(s.preview.get(u)) || { name: "unassigned" }).name);
      if (s.showPoints && s.points) {
        const p = nearestPoint(e);
        if (p >= 0) lines.push(s.points.text[p]);
      }
      tip.replaceChildren(...lines.map((text, i) => el(i ? "div" : "strong", { text })));
      tip.style.display = "block";
      const size = map.getSize(), p = e.containerPoint;
      tip.style.left = Math.max(4, Math.min(p.x + 14, size.x - tip.offsetWidth - 6)) + "px";
      tip.style.top = Math.max(4, p.y + 18 + tip.offsetHeight > size.y ? p.y - tip.offsetHeight - 10 : p.y + 18) + "px";
    }
    function nearestPoint(e) {
      const [x, y] = world(e.latlng), px = 1 / map.getZoomScale(map.getZoom(), 0);
      let best = -1, d = (7 * px) ** 2;
      for (let i = 0; i < s.points.x.length; i++) {
        const q = (s.points.x[i] - x) ** 2 + (s.points.y[i] - y) ** 2;
        if (q < d) { d = q; best = i; }
      }
      return best;
    }
    function togglePoints() {
      s.showPoints = !s.showPoints;
      buttons.points.setAttribute("aria-pressed", String(s.showPoints));
      s.painter && s.painter.refresh(null);
      if (s.showPoints && !s.points) s.say("This plan's accounts have no positions to draw.");
    }

    // --- search ---------------------------------------------------------------------------------------------
    function find() {
      const text = search.value.trim().toLowerCase();
      if (!text || !s.geo) return;
      const t = s.territories.find((q) => q.name.toLowerCase() === text);
      if (t) {
        const units = [...s.codes.keys()].filter((u) => s.codes[u] === t.code);
        return units.length ? s.flyTo(units) : s.say(t.name + " has no units yet.");
      }
      let u = s.geo.index.has(text.toUpperCase()) ? s.geo.index.get(text.toUpperCase()) : s.geo.name.findIndex((q) => q.toLowerCase() === text);
      if (u < 0) u = s.geo.name.findIndex((q) => q.toLowerCase().startsWith(text));
      if (u < 0) u = s.geo.name.findIndex((q) => q.toLowerCase().includes(text));
      if (u < 0) return s.say("Nothing here is called “" + search.value + "”.");
      s.flyTo([u]);
      s.hover = u;
      s.say(s.geo.name[u] + (s.byCode.get(s.codes[u]) ? " · " + s.byCode.get(s.codes[u]).name : " · unassigned"));
    }
    search.addEventListener("input", () => {
      const text = search.value.trim().toLowerCase();
      const names = text.length < 2 || !s.geo ? [] : s.territories.map((t) => t.name).concat(s.geo.name).filter((n) => n.toLowerCase().includes(text)).slice(0, 12);
      found.replaceChildren(...names.map((value) => el("option", { value })));
    });
    search.addEventListener("keydown", (e) => { if (e.key === "Enter") find(); if (e.key === "Escape") { search.value = ""; box.focus(); } });

    const outer = window.parent.document;
    // --- keys, also while the page around the map has the focus ---------------------------------------------
    function key(e) {
      const node = e.composedPath ? e.composedPath()[0] : e.target;
      const typing = node && (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) || node.isContentEditable);
      if (typing || e.ctrlKey || e.metaKey || e.altKey || e.repeat || !s.geo) return;
      if (outer.querySelector('[role="dialog"]')) return; // keys belong to what is open above the map
      const k = e.key.toLowerCase(), tool = TOOLS.find((t) => t[3] === k);
      if (tool) setMode(tool[0]);
      else if (k === "u") s.act("undo");
      else if (k === "r") s.act("redo");
      else if (k === "f") s.fit();
      else if (k === "o") togglePoints();
      else if (k === "/") { window.focus(); search.focus(); }
      else if (k === "enter" && mode === "polygon") finish();
      else if (k === "escape") return setMode("click"); // not swallowed: it also closes what else is open
      else if (k === "0") s.choose(-1);
      else if (k >= "1" && k <= "9" && s.territories[+k - 1]) s.choose(s.territories[+k - 1].code);
      else return;
      e.preventDefault();
      e.stopImmediatePropagation();
    }
    document.addEventListener("keydown", key, true);
    // one listener for the page, replaced when the map is made anew
    if (outer.terrKeys) outer.removeEventListener("keydown", outer.terrKeys, true);
    outer.terrKeys = key;
    outer.addEventListener("keydown", key, true);
    window.addEventListener("pagehide", () => { if (outer.terrKeys === key) outer.removeEventListener("keydown", key, true); });

    // --- stray pieces ---------------------------------------------------------------------------------------
    let next = 0;
    stray.addEventListener("click", () => {
      if (!s.strays.length) return;
      const piece = s.strays[next++ % s.strays.length];
      s.flyTo(piece);
      const t = s.byCode.get(s.codes[piece[0]]);
      s.say((t ? t.name : "A territory") + ": " + (piece.length === 1 ? s.geo.name[piece[0]] : piece.length + " units") + " cut off from the rest");
    });

    select.addEventListener("change", () => s.choose(+select.value));
    function show() {
      const wanted = JSON.stringify(s.territories.map((t) => [t.code, t.name, t.locked]));
      if (wanted !== select.dataset.shown) {
        select.dataset.shown = wanted;
        select.replaceChildren(
          ...s.territories.map((t, i) => el("option", { value: String(t.code), text: (i < 9 ? i + 1 + "  " : "") + t.name + (t.locked ? " (locked)" : "") })),
          el("option", { value: "-1", text: "0  Unassigned" }),
        );
      }
      select.value = String(s.active);
      chip.style.background = s.colorOf(s.active);
      stray.hidden = !s.strays.length;
      stray.textContent = s.strays.length === 1 ? "1 stray piece: show it" : s.strays.length + " stray pieces: show the next";
    }
    s.onChange(show);
    setMode("click");
    new MutationObserver(() => s.painter && s.painter.refresh(null)).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
  };
})();
