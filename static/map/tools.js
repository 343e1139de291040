// The toolbar, pointer tools, keys and tooltip of the map. Text from people goes in as text, never as HTML.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});

  const ICONS = { // 20 x 20 strokes
    inspect: "M9 3a6 6 0 100 12A6 6 0 009 3zM13.500 13.500L18 18M9 6.500v.2M9 9v3",
    click: "M5 3l4 13 2-5 5-2z",
    help: "M7 7a3 3 0 114.500 2.600C10.500 10.300 10 11 10 12M10 15.500v.2",
    paint: "M13 3l4 4-7 7H6v-4zM3 18h14",
    box: "M4 4h12v12H4z",
    lasso: "M10 4c4 0 7 2 7 4.500s-3 4.500-7 4.500-7-2-7-4.500S6 4 10 4zM6 13c-1 2 0 4 2 4",
    polygon: "M4 7l6-4 6 5-2 8H6z",
    lock: "M5 9h10v8H5zM7 9V6a3 3 0 016 0v3",
    undo: "M7 5L3 9l4 4M3 9h9a5 5 0 010 10h-2",
    redo: "M13 5l4 4-4 4M17 9H8a5 5 0 000 10h2",
    fit: "M3 8V3h5M12 3h5v5M17 12v5h-5M8 17H3v-5",
    propose: "M4 4h12v9H9l-4 4v-4H4zM7 7.500h6M7 10h4",
  };
  const TOOLS = [
    ["inspect", "Inspect", "Click to see what is there and what a move would do; drag to move the map", "i"],
    ["click", "Assign", "Click to move one to the active territory; drag to move the map", "v"],
    ["paint", "Paint", "Hold and drag over the map to move what is under the pointer", "p"],
    ["box", "Box", "Drag a box to move what is inside", "b"],
    ["lasso", "Lasso", "Draw freehand around what to move", "a"],
    ["polygon", "Polygon", "Click corners around what to move; Enter or double-click closes it, Esc discards it", "g"],
    ["lock", "Lock", "Click to lock or unlock", "l"],
  ];

  const WORDY = new Set(["inspect", "click", "undo", "redo"]); // keep their words however narrow the map is

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

  NS.el = el;

  NS.addTools = function (s) {
    const map = s.map, box = map.getContainer(), root = document.documentElement;
    document.body.classList.add("terr-plan");
    box.querySelectorAll(".terr-ui").forEach((old) => old.remove());
    const bar = el("div", { class: "terr-ui terr-bar", role: "toolbar", "aria-label": "Map tools" });
    const chip = el("span", { class: "terr-chip", "aria-hidden": "true" });
    const select = el("select", { "aria-label": "Active territory", title: "Active territory (keys 1 to 9; 0 = unassigned)" });
    const picker = el("label", { class: "terr-pick" }, chip, select);
    const scope = el("select", { "aria-label": "What a click takes", title: "What a click or a brush takes: one " + s.config.word + ", or all of its county or state (W; or hold Shift)" });
    const search = NS.addSearch(s);
    const say = el("div", { id: "terr-say", class: "terr-ui terr-say", role: "status", "aria-live": "polite" });
    const tip = el("div", { class: "terr-ui terr-tip", role: "tooltip" });
    const stray = el("button", { class: "terr-ui terr-stray", type: "button", hidden: "" });
    const buttons = {};
    const button = (name, label, title, run, key) => {
      const b = (buttons[name] = el("button", { type: "button", title, class: WORDY.has(name) ? "" : "small", "aria-label": title, "data-tool": name }, icon(name), el("span", { text: label })));
      if (key) b.setAttribute("aria-keyshortcuts", key.toUpperCase());
      b.addEventListener("click", run);
      return b;
    };
    bar.append(picker);
    for (const [name, label, title, key] of TOOLS) bar.append(button(name, label, title + " (" + key.toUpperCase() + ")", () => setMode(name), key));
    bar.append(
      el("label", { class: "terr-pick terr-scope" }, scope),
      el("i", {}),
      button("undo", "Undo", "Undo your last edit (U)", () => s.act("undo"), "u"),
      button("redo", "Redo", "Redo (R)", () => s.act("redo"), "r"),
      button("propose", "Propose", "Propose moves with a reason instead of making them (M)", () => s.company.startDraft(), "m"),
      button("fit", "Fit", "Show the whole region (F)", () => s.fit(), "f"),
      button("help", "Keys", "Keyboard shortcuts (?)", () => help.open(), "?"),
      search.box,
    );
    const legend = (s.legend = NS.addLegend(s));
    s.company.button = buttons.propose;
    buttons.propose.setAttribute("aria-pressed", "false");
    s.inspect = NS.addInspect(s, s.company.box);
    box.append(bar, say, tip, stray, legend.box, s.company.box);
    const help = NS.addHelp(box, [
      ["Tools", TOOLS.map(([, , what, k]) => [k.toUpperCase(), what])],
      ["Plan", [["U", "Undo"], ["R", "Redo"], ["1 – 9", "Choose the territory that Assign and Paint move to"], ["0", "Choose “unassigned” instead"], ["M", "Propose moves instead of making them"]]],
      ["Map", [["/", "Find a " + s.config.word + ", city, account or territory"], ["Enter", "Inspect, or move, what was found"], ["Esc", "Close the details, back to Inspect"], ["F", "Show the whole region"], ["O", "Accounts as points"], ["H", "Homes of reps"], ["N", "Place names"], ["K", "Legend and colors"], ["W", "What a click takes: one, its county or its state"], ["+ −", "Zoom in or out (with the map focused)"], ["?", "This list"]]],
    ]);
    for (const node of [bar, stray, legend.box]) { L.DomEvent.disableClickPropagation(node); L.DomEvent.disableScrollPropagation(node); }

    // How high the bar is: it takes a second line where the map is narrow, and what lies below keeps clear of it.
    new ResizeObserver(() => {
      s.barHeight = bar.offsetHeight + 8;
      root.style.setProperty("--bar", s.barHeight + "px");
      s.refit();
    }).observe(bar);
    new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(box);
    // Where the map begins on the page, so that it ends where the window does.
    const page = window.parent.document, main = page.querySelector('[data-testid="stMain"]') || page.body;
    const measure = () => {
      const top = Math.round(window.frameElement.getBoundingClientRect().top + main.scrollTop) + "px";
      if (top !== "0px" && page.documentElement.style.getPropertyValue("--terr-top") !== top) page.documentElement.style.setProperty("--terr-top", top);
    };
    const layout = new ResizeObserver(measure);
    for (const node of [page.documentElement, page.querySelector('[data-testid="stMainBlockContainer"]')]) if (node) layout.observe(node);
    measure();
    window.addEventListener("pagehide", () => layout.disconnect());

    // --- modes ----------------------------------------------------------------------------------------------
    let mode = "inspect", outline = [], dragging = false, touched = null;
    const shape = L.polygon([], { color: "#14171c", weight: 2, dashArray: "5 4", fillOpacity: 0.08, interactive: false, renderer: L.svg() });

    function setMode(name) {
      mode = name;
      dragging = false; // a drag that was under way is dropped
      outline = [];
      shape.remove();
      const free = ["inspect", "click", "lock", "polygon"].includes(name);
      map.dragging[free ? "enable" : "disable"]();
      map.doubleClickZoom[name === "polygon" ? "disable" : "enable"]();
      box.dataset.mode = name;
      for (const [n] of TOOLS) buttons[n].setAttribute("aria-pressed", String(n === name));
    }

    const world = (latlng) => [NS.worldX(latlng.lng), NS.worldY(latlng.lat)];
    const unitAt = (latlng) => (s.geo ? s.geo.at(...world(latlng)) : -1);

    // What a click at a unit takes: that unit, or all of its county or state.
    const SCOPES = [["unit", "One " + s.config.word], ["county", "Whole county"], ["state", "Whole state"]];
    let taking = "unit";
    const scopes = () => SCOPES.filter(([k]) => k === "unit" || (s.geo && s.geo.groups[k].size > 1 && s.geo.groups[k].size < s.geo.n));
    function setScope(kind) {
      taking = kind;
      scope.value = kind;
      const [, label] = SCOPES.find(([k]) => k === kind);
      s.say("A click takes: " + label.toLowerCase());
      point(s.hover);
    }
    function group(u, shift) {
      const kinds = scopes(), kind = shift && taking === "unit" && kinds.length > 1 ? kinds[1][0] : taking;
      return kind === "unit" ? [u] : s.geo.group(u, kind);
    }
    scope.addEventListener("change", () => setScope(scope.value));

    // What Enter does on the map: the same as a click on the unit that was found or pointed at last.
    function take() {
      if (s.hover < 0) return s.say("Find a " + s.config.word + " first (/), then press Enter to " + (mode === "inspect" ? "inspect it." : "move it to the active territory."));
      if (mode === "inspect") return s.inspect.open(s.hover, true);
      const units = group(s.hover, false);
      mode === "lock" ? s.lock(units) : s.paint(units);
    }
    // A territory is chosen in order to move something to it.
    function pick(code) {
      s.choose(code);
      if (mode !== "inspect" || s.readonly) return;
      setMode("click");
      s.say("Click " + s.config.words + " to move them to " + (code < 0 ? "unassigned" : s.byCode.get(code).name) + ". Esc: back to Inspect.");
    }
    s.toAssign = () => { if (mode === "inspect") setMode("click"); };
    // What a person may not do stands there in gray, with the reason.
    const asked = {};
    s.allow = (may) => {
      for (const name of [...TOOLS.map(([n]) => n).filter((n) => n !== "inspect"), "undo", "redo", "propose"]) {
        const b = buttons[name], off = may === "view";
        asked[name] = asked[name] || b.title;
        b.disabled = off;
        b.title = off ? s.readonly || "You can view this plan; ask its owner for more." : asked[name];
      }
      select.disabled = may === "view";
    };
    s.aim = (u) => { point(u, false); s.company.touch([u]); };

    // The unit under the pointer, outlined with all that a click would take.
    function point(u, shift) {
      s.hover = u;
      s.hovered = u < 0 ? null : mode === "inspect" ? [u] : group(u, shift);
      if (s.painter) s.painter.hover();
    }
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
      if (mode === "inspect") return look(e.latlng);
      if (mode !== "click" && mode !== "lock") return;
      const u = unitAt(e.latlng);
      if (u < 0) return;
      const units = group(u, e.originalEvent.shiftKey);
      mode === "lock" ? s.lock(units) : s.paint(units);
    });
    // What was clicked to be looked at: an account, a circle of accounts (nearer then), or what lies below.
    function look(latlng) {
      const found = s.showPoints && s.points && s.painter.view && s.points.hit(...world(latlng), s.painter.view, s.painter.unit, map.getZoom());
      if (found && found.group) return map.setView(latlng, Math.min(map.getMaxZoom(), map.getZoom() + 2));
      if (found) return s.inspect.account(s.points.row[found.one]);
      const u = unitAt(latlng);
      u < 0 ? s.inspect.close() : s.inspect.open(u);
    }
    map.on("dblclick", () => { if (mode === "polygon") finish(); });
    map.on("mousedown", (e) => {
      if (!s.geo || !["paint", "box", "lasso"].includes(mode) || e.originalEvent.button) return;
      dragging = true;
      const p = world(e.latlng);
      outline = [p];
      touched = new Set();
      if (mode === "paint") brush(e);
      L.DomEvent.preventDefault(e.originalEvent);
    });
    map.on("mousemove", (e) => {
      if (!s.geo) return;
      if (dragging) {
        const p = world(e.latlng);
        if (mode === "paint") brush(e);
        else if (mode === "box") { const [a] = outline; outline = [a, [p[0], a[1]], p, [a[0], p[1]]]; preview(outline); }
        else { outline.push(p); sketch(); }
      }
      hover(e);
    });
    // A fast hand skips units between two events: those on the line between them are taken too.
    function brush(e) {
      const [x, y] = world(e.latlng), [fx, fy] = outline[outline.length - 1] || [x, y], step = 3 / map.getZoomScale(map.getZoom(), 0);
      const steps = Math.min(400, Math.max(1, Math.ceil(Math.hypot(x - fx, y - fy) / step))), units = new Set();
      for (let i = 1; i <= steps; i++) {
        const u = s.geo.at(fx + ((x - fx) * i) / steps, fy + ((y - fy) * i) / steps);
        if (u < 0 || touched.has(u)) continue;
        for (const v of group(u, e.originalEvent.shiftKey)) if (!touched.has(v)) { touched.add(v); units.add(v); }
      }
      outline = [[x, y]];
      if (units.size) s.paint([...units]);
    }
    // The lasso's line is drawn once a frame: a fast mouse sends more points than that.
    let sketching = null;
    const sketch = () => { sketching = sketching || requestAnimationFrame(() => { sketching = null; if (dragging) preview(outline); }); };
    const release = () => {
      if (!dragging) return;
      dragging = false;
      mode === "paint" ? (outline = []) : finish();
    };
    document.addEventListener("mouseup", release);
    map.on("mouseout", () => { hide(); if (s.hover >= 0) point(-1); });
    map.on("movestart zoomstart", () => hide());

    // --- tooltip --------------------------------------------------------------------------------------------
    let last = null; // where the pointer is: what stands there is told anew whenever the plan changes
    const hide = () => { last = null; tip.style.display = "none"; };
    s.onChange(() => { if (last) hover(last); });
    function hover(e) {
      if (map.dragging.moving()) return;
      last = e;
      const u = unitAt(e.latlng);
      if (u !== s.hover) point(u, e.originalEvent.shiftKey);
      const living = s.showHomes && s.homes ? s.homes.under(...world(e.latlng), s.painter.unit) : [];
      if ((u < 0 && !living.length) || dragging) { tip.style.display = "none"; return; }
      const lines = [...living, ...(u < 0 ? [] : unitLines(u, e))];
      tip.replaceChildren(...lines.map((text, i) => el(i ? "div" : "strong", { text })));
      tip.style.display = "block";
      const size = map.getSize(), p = e.containerPoint;
      tip.style.left = Math.max(4, Math.min(p.x + 14, size.x - tip.offsetWidth - 6)) + "px";
      tip.style.top = Math.max(4, p.y + 18 + tip.offsetHeight > size.y ? p.y - tip.offsetHeight - 10 : p.y + 18) + "px";
    }
    // What stands below the pointer: the unit, its territory, and what the layers that are on say of it.
    function unitLines(u, e) {
      const t = s.byCode.get(s.codes[u]), lines = [s.geo.name[u] + " · " + s.geo.id[u]];
      lines.push(t ? t.name + (t.rep ? " · " + t.rep : "") + (t.locked ? " (locked)" : "") : "Unassigned");
      if (s.values) lines.push(s.measure + ": " + NS.short(s.values[u], s.symbol) + " · " + s.accounts[u].toLocaleString("en-US") + (s.accounts[u] === 1 ? " account" : " accounts"));
      const m = s.shading.mode === "measure" && s.shading.look;
      if (m) lines.push(m.title + ": " + NS.short(m.values[u], m.symbol));
      const c = s.shading.mode === "change" && s.shading.compared;
      if (c && c.was[u] !== s.codes[u]) lines.push("Was: " + (c.named[u] || "unassigned"));
      if (mode !== "inspect" && s.hovered && s.hovered.length > 1) lines.push("A click takes " + s.hovered.length.toLocaleString("en-US") + " " + s.config.words);
      if (s.locked.has(u)) lines.push("Locked");
      lines.push(...s.company.lines(u));
      const suggested = s.company.shown();
      if (suggested && suggested.has(u)) lines.push((s.company.drafting ? "Proposed: to " : "Suggested: to ") + (s.byCode.get(suggested.get(u)) || { name: "unassigned" }).name);
      if (s.showPoints && s.points && s.painter.view) {
        const text = s.points.under(...world(e.latlng), s.painter.view, s.painter.unit, map.getZoom());
        if (text) lines.push(text);
      }
      return lines;
    }
    const outer = window.parent.document;
    // --- keys, also while the page around the map has the focus ---------------------------------------------
    function key(e) {
      const node = e.composedPath ? e.composedPath()[0] : e.target;
      const typing = node && (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) || node.isContentEditable || (node.closest && node.closest('[data-testid="stDataFrame"]'))); // a cell that is typed into
      if (typing || e.ctrlKey || e.metaKey || e.altKey || e.repeat || !s.geo) return;
      if (outer.querySelector('[role="dialog"]')) return; // keys belong to what is open above the map
      if (help.isOpen()) return;
      const k = e.key.toLowerCase(), tool = TOOLS.find((t) => t[3] === k);
      if (tool) setMode(tool[0]);
      else if (k === "u") s.act("undo");
      else if (k === "r") s.act("redo");
      else if (k === "f") s.fit();
      else if (k === "m") s.company.startDraft();
      else if (k === "o") legend.points();
      else if (k === "h") legend.homes();
      else if (k === "n") legend.names();
      else if (k === "w") { const kinds = scopes().map(([q]) => q); setScope(kinds[(kinds.indexOf(taking) + 1) % kinds.length]); }
      else if (k === "k") legend.open();
      else if (k === "/") search.focus();
      else if (k === "enter" && mode === "polygon") finish();
      else if (k === "enter" && document.activeElement === box && e.view === window) take();
      else if (k === "escape") { // not swallowed: it also closes what else is open
        if (mode === "inspect") s.inspect.close();
        return setMode("inspect");
      }
      else if (k === "?") help.open();
      else if (k === "0") pick(-1);
      else if (k >= "1" && k <= "9" && s.territories[+k - 1]) pick(s.territories[+k - 1].code);
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

    // --- disconnected areas ---------------------------------------------------------------------------------------
    let next = 0;
    stray.addEventListener("click", () => {
      if (!s.strays.length) return;
      const piece = s.strays[next++ % s.strays.length];
      s.flyTo(piece);
      const t = s.byCode.get(s.codes[piece[0]]);
      s.say((t ? t.name : "A territory") + ": " + (piece.length === 1 ? s.geo.name[piece[0]] : piece.length.toLocaleString("en-US") + " " + s.config.words) + " cut off from the rest");
    });

    select.addEventListener("change", () => pick(+select.value));
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
      const kinds = scopes(), has = kinds.map(([q]) => q).join();
      if (scope.dataset.shown !== has) {
        scope.dataset.shown = has;
        scope.replaceChildren(...kinds.map(([value, text]) => el("option", { value, text })));
        scope.parentNode.hidden = kinds.length < 2;
      }
      scope.value = taking;
      legend.show();
      stray.hidden = !s.strays.length;
      stray.textContent = s.strays.length === 1 ? "1 disconnected area: show it" : s.strays.length + " disconnected areas: show the next";
    }
    s.onChange(show);
    setMode("inspect");
    new MutationObserver(() => { if (!s.painter) return; s.shading.rebuild(); s.painter.refresh(null); legend.show(); }).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
  };
})();
