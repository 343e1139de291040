// The legend and what colour says: one panel in the corner, with the account points and the street map.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});

  NS.addLegend = function (s) {
    const el = NS.el;
    const box = el("section", { class: "terr-ui terr-legend", "aria-label": "Legend and layers" });
    const head = el("button", { type: "button", class: "terr-fold", "aria-expanded": "true", title: "Legend and layers (K)", "aria-keyshortcuts": "K" });
    const body = el("div", { class: "terr-body" });
    const mode = el("select", { "aria-label": "Color by" });
    const scale = el("select", { "aria-label": "Classes of the measure" }, el("option", { value: "quantile", text: "Quantiles" }), el("option", { value: "log", text: "Geometric steps" }));
    const scaleRow = el("label", { class: "terr-row" }, el("span", { text: "Classes" }), scale);
    const rows = el("ul", { "aria-label": "Colors" });
    const note = el("p", {});
    const check = (text, title, key) => {
      const input = el("input", { type: "checkbox" });
      if (key) input.setAttribute("aria-keyshortcuts", key);
      return [input, el("label", { class: "terr-check", title }, input, el("span", { text }))];
    };
    const [points, pointsRow] = check("Accounts", "Accounts as points; circles with a count where many lie together (O)", "O");
    const [homes, homesRow] = check("Homes of reps", "Where reps live, with lines to the centers of their territories; dashed where it is far (H)", "H");
    const living = el("ul", { class: "terr-kinds", "aria-label": "Homes of reps, farthest first" });
    const [names, namesRow] = check("Place names", "Cities by their size, and names of counties or ZIPs where they fit (N)", "N");
    names.checked = true;
    const [street, streetRow] = check("Street map (online)", "Fetches pictures of streets from openstreetmap.org over the internet while it is on: that site sees which part of the map you look at. Off unless you turn it on.");
    const by = el("select", { "aria-label": "Color accounts by" }), kinds = el("ul", { class: "terr-kinds", "aria-label": "Accounts by color" });
    const byRow = el("label", { class: "terr-row" }, el("span", { text: "Color by" }), by);
    const tag = el("p", { class: "terr-tag", hidden: "" });
    body.append(el("label", { class: "terr-row" }, el("span", { text: "Color" }), mode), scaleRow, rows, note, pointsRow, byRow, kinds, homesRow, living, namesRow, streetRow);
    box.append(tag, body, head);
    if (s.config.approximate) {
      tag.hidden = false;
      tag.textContent = "Approximate areas";
      tag.title = "These shapes are estimated from ZIP points; real ZIP boundaries differ in places.";
    }
    let wanted = "territory", wantedBy = "";
    const WIDTH = 214;

    // Open from the start where the region leaves room beside it; the person can change that.
    function decide() {
      const size = s.map.getSize(), [x0, y0, x1, y1] = s.near();
      const scale = Math.min((size.x - 12) / (x1 - x0), (size.y - 12 - (s.barHeight || 46)) / (y1 - y0));
      fold(size.x < 600 || size.x - 12 - scale * (x1 - x0) < WIDTH - 20);
    }

    // Open it stands beside the map, which is narrower by that; where the window is narrow it lies over the map.
    function fold(on) {
      body.hidden = on;
      const docked = !on && window.innerWidth >= 600;
      document.body.toggleAttribute("data-docked", docked);
      document.documentElement.style.setProperty("--dock", docked ? WIDTH + "px" : "0px");
      head.setAttribute("aria-expanded", String(!on));
      head.textContent = on ? "Legend ▴" : "Legend ▾";
    }

    // Puts the chosen mode on the map once what it needs is there.
    function apply() {
      const [kind] = wanted.split(":"), needs = s.choices.some((c) => c.id === wanted);
      if (needs && !(s.look && s.look.id === wanted)) { // what was shown stays until it comes
        s.say("Fetching " + s.choices.find((c) => c.id === wanted).title + " …");
        s.push({ k: "look", to: wanted });
        return;
      }
      set(kind);
    }
    function set(kind) {
      s.shading.mode = kind;
      s.shading.look = wanted.includes(":") ? s.look : null;
      s.shading.rebuild();
      if (s.painter) s.painter.refresh(null);
      show();
    }
    mode.addEventListener("change", () => { wanted = mode.value; apply(); s.company.look(); });
    scale.addEventListener("change", () => { s.shading.scale = scale.value; set("measure"); });
    points.addEventListener("change", () => togglePoints(points.checked));
    function toggleNames(on) {
      s.showPlaces = names.checked = on;
      if (s.painter) s.painter.refresh(null);
    }
    function toggleHomes(on) {
      s.showHomes = homes.checked = on;
      if (on && !s.homes) {
        s.say("Fetching the homes of reps …");
        s.push({ k: "homes" });
      }
      if (s.painter) s.painter.refresh(null);
      show();
    }
    homes.addEventListener("change", () => toggleHomes(homes.checked));
    names.addEventListener("change", () => toggleNames(names.checked));
    by.addEventListener("change", () => {
      wantedBy = by.value;
      s.showPoints = points.checked = true;
      s.say("Fetching the accounts …");
      s.push({ k: "points", by: wantedBy });
    });
    street.addEventListener("change", () => {
      if (street.checked) s.say("Fetching the street map from the internet (openstreetmap.org).");
      s.push({ k: "tiles", on: street.checked });
    });
    head.addEventListener("click", () => fold(!body.hidden));

    function togglePoints(on) {
      s.showPoints = points.checked = on;
      if (on && !s.points) {
        s.say("Fetching the accounts …");
        s.push({ k: "points", by: wantedBy });
      }
      if (s.painter) s.painter.refresh(null);
      show();
    }

    function options() {
      const base = [["territory", "Territories"], ["deviation", "Distance from target"]];
      if (s.territories.some((t) => t.rep_id)) base.splice(1, 0, ["rep", "Reps"]);
      if (s.values) base.push(["measure", s.measure]);
      return [...base, ...s.choices.map((c) => [c.id, c.title])];
    }

    function row(style) {
      const chip = el("span", { class: "terr-chip", "aria-hidden": "true" });
      chip.style.backgroundColor = style.fill;
      if (style.hatch) chip.dataset.hatch = style.hatch;
      const name = el("span", { text: style.text }), count = el("small", { text: style.count.toLocaleString("en-US") });
      if (style.code === undefined && !style.codes) return el("li", {}, chip, name, count);
      const b = el("button", { type: "button", title: style.codes ? "Show what this rep covers" : "Make it the active territory and show it" }, chip, name, count);
      b.addEventListener("click", () => {
        if (!style.codes) s.choose(style.code);
        const units = [], codes = style.codes || [style.code];
        for (let u = 0; u < s.geo.n; u++) if (codes.includes(s.codes[u])) units.push(u);
        s.flyTo(units);
      });
      return el("li", {}, b);
    }

    // The homes by name, for who has no pointer: farthest first; pressing one shows it with its territories.
    let housed = "";
    function drawHomes() {
      const on = s.showHomes && s.homes, now = on ? JSON.stringify([s.homes.list, s.homes.note]) : "";
      living.hidden = !on;
      if (now === housed) return;
      housed = now;
      living.replaceChildren(...(on ? s.homes.list : []).map((h) => {
        const b = el("button", { type: "button", title: [h.name, ...h.lines].join("\n") }, el("span", { "aria-hidden": "true", text: "⌂" }), el("span", { text: h.name }), el("small", { text: (h.far ? "far: " : "") + h.label }));
        b.addEventListener("click", () => { s.showBox(s.homes.boxOf(h), 0.2); s.say([h.name, ...h.lines].join(" · ")); });
        return el("li", {}, b);
      }), ...(on && s.homes.note ? [el("li", { text: s.homes.note })] : []));
    }

    let drawn = "";
    function show() {
      if (!s.geo) return;
      if (wanted.includes(":") && s.look && s.look.id === wanted && s.shading.look !== s.look) return set(wanted.split(":")[0]);
      const list = options(), has = JSON.stringify(list);
      if (mode.dataset.shown !== has) {
        mode.dataset.shown = has;
        mode.replaceChildren(...list.map(([value, text]) => el("option", { value, text })));
      }
      if (!list.some(([v]) => v === wanted)) { // what it showed is gone
        wanted = "territory";
        set("territory");
      }
      mode.value = wanted;
      scaleRow.hidden = s.shading.mode !== "measure";
      street.checked = Boolean(s.tiles);
      points.checked = s.showPoints;
      homes.checked = Boolean(s.showHomes);
      drawHomes();
      const choose = JSON.stringify(s.columns), groups = (s.showPoints && s.points && s.points.groups) || [];
      byRow.hidden = !s.columns.length;
      if (by.dataset.shown !== choose) {
        by.dataset.shown = choose;
        by.replaceChildren(el("option", { value: "", text: "one color" }), ...s.columns.map((c) => el("option", { value: c.id, text: c.title })));
        by.value = s.columns.some((c) => c.id === wantedBy) ? wantedBy : "";
      }
      const styles = s.shading.legend(), now = JSON.stringify([styles, s.shading.title(), groups]);
      if (now === drawn) return;
      drawn = now;
      rows.replaceChildren(...styles.map(row));
      kinds.hidden = !groups.length;
      kinds.replaceChildren(...groups.map((g) => {
        const chip = el("span", { class: "terr-chip terr-dot", "aria-hidden": "true" });
        chip.style.backgroundColor = g.color;
        return el("li", { title: g.title }, chip, el("span", { text: g.name }), el("small", { text: g.text }));
      }));
      if (s.geo.fills.length) rows.append(el("li", { title: "No area in the file covers this land; it was added to a neighbor." }, Object.assign(el("span", { class: "terr-chip", "aria-hidden": "true", "data-hatch": "up" })), el("span", { text: "Filled gap" }), el("small", { text: s.geo.fills.length.toLocaleString("en-US") })));
      note.textContent = s.shading.title() + " · number of " + s.config.words;
    }
    fold(true);
    const wantedNow = () => wanted;
    function choose(id) {
      if (id === wanted || !options().some(([v]) => v === id)) return;
      wanted = mode.value = id;
      apply();
    }
    return { box, show, decide, choose, wanted: wantedNow, points: () => togglePoints(!s.showPoints), homes: () => toggleHomes(!s.showHomes), names: () => toggleNames(!s.showPlaces), open: () => { fold(false); mode.focus(); } };
  };
})();
