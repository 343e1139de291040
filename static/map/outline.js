// Outlines of sets of units, without dissolving a shape: an arc whose two sides differ is a piece of an outline, and the
// pieces of one set are linked at their junctions into closed lines. 33,000 units of 50 territories become 50 shapes.
(function () {
  "use strict";
  const NS = (window.TerrMap = window.TerrMap || {});

  // keyOf: Int32Array, the set of each unit (0, 1, ...; -1 = drawn by nobody); sets: how many there are.
  // Gives one Path2D per set, or null where it is empty.
  function outlines(geo, level, keyOf, sets) {
    const { left, right, from, to, m } = geo;
    const counts = new Int32Array(sets + 1);
    for (let a = 0; a < m; a++) {
      const l = left[a] < 0 ? -1 : keyOf[left[a]], r = right[a] < 0 ? -1 : keyOf[right[a]];
      if (l === r) continue;
      if (l >= 0) counts[l + 1]++;
      if (r >= 0) counts[r + 1]++;
    }
    for (let s = 0; s < sets; s++) counts[s + 1] += counts[s];
    const next = counts.slice(), edges = new Int32Array(counts[sets]);
    for (let a = 0; a < m; a++) {
      const l = left[a] < 0 ? -1 : keyOf[left[a]], r = right[a] < 0 ? -1 : keyOf[right[a]];
      if (l === r) continue;
      if (l >= 0) edges[next[l]++] = a; // the set lies left: walked forwards
      if (r >= 0) edges[next[r]++] = ~a;
    }
    if (!geo.head) geo.head = new Int32Array(geo.junctions).fill(-1); // empty again after each walk
    const head = geo.head, link = new Int32Array(edges.length), paths = new Array(sets).fill(null);
    for (let s = 0; s < sets; s++) {
      if (counts[s] === counts[s + 1]) continue;
      const path = (paths[s] = new Path2D());
      for (let i = counts[s]; i < counts[s + 1]; i++) { // edges waiting at the junction they leave from
        const start = edges[i] < 0 ? to[~edges[i]] : from[edges[i]];
        link[i] = head[start];
        head[start] = i;
      }
      for (let i = counts[s]; i < counts[s + 1]; i++) {
        let at = edges[i] < 0 ? to[~edges[i]] : from[edges[i]], first = true;
        while (head[at] >= 0) {
          const e = head[at], ref = edges[e];
          head[at] = link[e];
          NS.Geometry.trace(path, level, ref, first);
          first = false;
          at = ref < 0 ? from[~ref] : to[ref];
        }
        if (!first) path.closePath();
      }
    }
    return paths;
  }

  // One line around some units.
  function around(geo, level, units) {
    const inside = new Set(units), path = new Path2D(), seen = new Set();
    for (const u of inside) {
      for (let j = geo.ringRef[geo.unitRing[u]]; j < geo.ringRef[geo.unitRing[u + 1]]; j++) {
        const ref = geo.refs[j], a = ref < 0 ? ~ref : ref;
        if (seen.has(a) || inside.has(geo.left[a]) === inside.has(geo.right[a])) continue;
        seen.add(a);
        NS.Geometry.trace(path, level, a, true);
      }
    }
    return path;
  }

  NS.outlines = outlines;
  NS.around = around;
})();
