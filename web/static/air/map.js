// Draws the stations of the list on a map. The list is the source; where the browser cannot draw, it stays as it is.

const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const PIN = [52, 36];
const RINGS_M = [2000, 5000, 10_000];

function ring(middle, metres) {
  const points = [];
  const north = metres / 110_950;
  const east = metres / (111_320 * Math.cos((middle[1] * Math.PI) / 180));
  for (let at = 0; at <= 64; at += 1) {
    const turn = (at / 64) * 2 * Math.PI;
    points.push([middle[0] + east * Math.sin(turn), middle[1] + north * Math.cos(turn)]);
  }
  return { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } };
}

function ground(middle) {
  const features = RINGS_M.map((metres) => ring(middle, metres));
  return {
    version: 8,
    sources: { rings: { type: "geojson", data: { type: "FeatureCollection", features } } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#eef2f7" } },
      { id: "rings", type: "line", source: "rings", paint: { "line-color": "#8a949e", "line-dasharray": [3, 3] } },
    ],
  };
}

function pinOf(row, rows) {
  const pin = document.createElement("button");
  const name = row.querySelector("h3").textContent;
  pin.type = "button";
  pin.className = "pin";
  pin.dataset.grade = row.dataset.grade;
  pin.textContent = row.dataset.mark;
  pin.setAttribute("aria-label", `${row.dataset.mark} ${name}, ${row.querySelector(".grade").textContent.trim()}`);
  pin.addEventListener("click", () => {
    for (const other of rows) other.classList.toggle("chosen", other === row);
    row.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
    row.querySelector("h3 a").focus({ preventScroll: true });
  });
  return pin;
}

// A finger must hit one pin: of two that would touch, the later in the list waits until the map is closer.
function partPins(map, pins) {
  const shown = [];
  for (const { pin, where } of pins) {
    const at = map.project(where);
    pin.hidden = shown.some((other) => Math.abs(other.x - at.x) < PIN[0] && Math.abs(other.y - at.y) < PIN[1]);
    if (!pin.hidden) shown.push(at);
  }
}

export async function drawMap(part, box, rows) {
  const maplibre = await import("/static/vendor/maplibre/maplibre-gl.mjs");
  const middle = [Number(box.dataset.lon), Number(box.dataset.lat)];
  part.hidden = false;
  const map = new maplibre.Map({
    container: box,
    style: box.dataset.style || ground(middle),
    center: middle,
    zoom: 10,
    dragRotate: false,
    attributionControl: Boolean(box.dataset.style),
    fadeDuration: 0,
  });
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  map.addControl(new maplibre.ScaleControl({ unit: "metric" }));
  const bounds = new maplibre.LngLatBounds(middle, middle);
  const pins = rows.map((row) => ({ pin: pinOf(row, rows), where: [Number(row.dataset.lon), Number(row.dataset.lat)] }));
  for (const { pin, where } of pins) {
    new maplibre.Marker({ element: pin }).setLngLat(where).addTo(map);
    bounds.extend(where);
  }
  map.fitBounds(bounds, { padding: 56, maxZoom: 13, animate: false });
  partPins(map, pins);
  for (const moved of ["move", "resize", "idle"]) map.on(moved, () => partPins(map, pins));
  map.once("idle", () => { box.dataset.drawn = "yes"; });
}
