"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const place = document.getElementById("map");
  if (!place || !data.shapes.length) return;
  const map = L.map(place, { attributionControl: false, preferCanvas: true, zoomSnap: 0.25, worldCopyJump: false });
  const line = (parent, text, bold) => {
    const e = document.createElement(bold ? "b" : "div");
    e.textContent = text;
    parent.appendChild(e);
  };
  const tip = (name, facts) => {
    const box = document.createElement("div");
    box.className = "tip";
    line(box, name, true);
    for (const [title, text] of facts) line(box, title + ": " + text, false);
    return box;
  };
  const shapes = L.geoJSON(data.shapes, {
    renderer: L.svg(),
    style: (f) => ({ color: "#fff", weight: 1.2, fillColor: f.properties.color, fillOpacity: 0.8 }),
    onEachFeature: (f, layer) => {
      const p = f.properties;
      layer.bindTooltip(() => tip(p.name, p.facts), { sticky: true });
      layer.on("mouseover", () => layer.setStyle({ fillOpacity: 1 }));
      layer.on("mouseout", () => layer.setStyle({ fillOpacity: 0.8 }));
    },
  }).addTo(map);
  if (data.lines) {
    L.geoJSON({ type: "Feature", properties: {}, geometry: data.lines },
      { renderer: L.svg(), interactive: false, style: { color: "#14171c", weight: 0.6, opacity: 0.35 } }).addTo(map);
  }
  for (const f of data.shapes) {
    if (!f.properties.label) continue;
    const words = document.createElement("span");
    words.textContent = f.properties.label;
    L.tooltip({ permanent: true, direction: "center", className: "name", interactive: false })
      .setLatLng(f.properties.at).setContent(words).addTo(map);
  }
  map.fitBounds(shapes.getBounds(), { padding: [6, 6] });
  if (data.accounts) {
    const a = data.accounts, points = L.layerGroup(), canvas = L.canvas({ padding: 0.3 });
    const money = (m, v) => m.money
      ? new Intl.NumberFormat(data.numbers, { style: "currency", currency: m.money, maximumFractionDigits: 0 }).format(v)
      : v.toLocaleString(data.numbers);
    a.lat.forEach((lat, i) => {
      const dot = L.circleMarker([lat, a.lon[i]], {
        renderer: canvas, radius: 2.4, weight: 0.6, color: "#14171c", fillColor: a.colors[a.color[i]], fillOpacity: 1,
      });
      dot.bindTooltip(() => tip(a.name[i] || a.id[i], a.measures
        .map((m, j) => [m.name, a.values[j][i] === null ? "–" : money(m, a.values[j][i])])));
      points.addLayer(dot);
    });
    points.addTo(map);
    L.control.layers(null, { Accounts: points }, { collapsed: false }).addTo(map);
  }
  document.body.dataset.ready = "yes";
})();
