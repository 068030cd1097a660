// Draws the rows of the list on a map. The list is the source; where the browser cannot draw, it stays as it is.

const part = document.querySelector(".map-part");
const box = document.getElementById("map");
const said = document.getElementById("said");
const rows = [...document.querySelectorAll(".lots > li")].filter((row) => row.dataset.lat !== "None");
const here = [Number(box.dataset.lon), Number(box.dataset.lat)];
const RINGS_M = [500, 1000, 2000];
const PIN = [48, 34];
const TOWN = [56, 30];
const pins = [];
const towns = [];
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

function ring(metres) {
  const points = [];
  const north = metres / 110_950;
  const east = metres / (111_320 * Math.cos((here[1] * Math.PI) / 180));
  for (let at = 0; at <= 64; at += 1) {
    const turn = (at / 64) * 2 * Math.PI;
    points.push([here[0] + east * Math.sin(turn), here[1] + north * Math.cos(turn)]);
  }
  return { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points } };
}

function ground() {
  return {
    version: 8,
    sources: { rings: { type: "geojson", data: { type: "FeatureCollection", features: RINGS_M.map(ring) } } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#eef2f7" } },
      { id: "rings", type: "line", source: "rings", paint: { "line-color": "#8a949e", "line-dasharray": [3, 3] } },
    ],
  };
}

function sign(kind, text) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  return made;
}

function choose(row) {
  for (const other of rows) other.classList.toggle("chosen", other === row);
  row.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

function addLots(map, maplibre) {
  for (const row of rows) {
    const name = row.querySelector("h3").textContent;
    const pin = document.createElement("button");
    pin.type = "button";
    pin.className = `pin ${row.dataset.tone}`;
    pin.textContent = row.dataset.mark;
    pin.setAttribute("aria-label", `${row.dataset.mark} ${name}, ${row.querySelector(".badge").textContent}`);
    pin.addEventListener("click", () => choose(row));
    const where = [Number(row.dataset.lon), Number(row.dataset.lat)];
    new maplibre.Marker({ element: pin }).setLngLat(where).addTo(map);
    pins.push({ pin, where });
  }
}

// A finger must hit one pin: of two that would touch, the farther lot's waits until the map is closer.
function partPins(map) {
  const shown = [];
  for (const { pin, where } of pins) {
    const at = map.project(where);
    pin.hidden = shown.some((other) => Math.abs(other.x - at.x) < PIN[0] && Math.abs(other.y - at.y) < PIN[1]);
    if (!pin.hidden) shown.push(at);
  }
  for (const { name, where } of towns) {
    const at = map.project(where);
    name.hidden = shown.some((other) => Math.abs(other.x - at.x) < TOWN[0] && Math.abs(other.y - at.y) < TOWN[1]);
    if (!name.hidden) shown.push(at);
  }
}

function addTowns(map, maplibre) {
  for (const town of document.querySelectorAll("#towns > li")) {
    const name = sign("town", town.textContent);
    name.setAttribute("aria-hidden", "true");
    const where = [Number(town.dataset.lon), Number(town.dataset.lat)];
    new maplibre.Marker({ element: name }).setLngLat(where).addTo(map);
    towns.push({ name, where });
  }
}

function fit(map, maplibre) {
  const bounds = new maplibre.LngLatBounds(here, here);
  for (const row of rows.slice(0, 10)) bounds.extend([Number(row.dataset.lon), Number(row.dataset.lat)]);
  map.fitBounds(bounds, { padding: 56, maxZoom: 16, animate: false });
}

function lookAgain(map) {
  const link = document.getElementById("again");
  const point = () => {
    const middle = map.getCenter();
    const query = new URLSearchParams(box.dataset.again);
    query.set("at", `${middle.lat.toFixed(6)},${middle.lng.toFixed(6)}`);
    query.set("lang", document.documentElement.lang);
    link.href = `/parking?${query}`;
  };
  point();
  map.on("moveend", point);
}

function askPosition() {
  const found = ({ coords }) => {
    const query = new URLSearchParams(box.dataset.again);
    query.set("at", `${coords.latitude.toFixed(6)},${coords.longitude.toFixed(6)}`);
    query.set("lang", document.documentElement.lang);
    location.assign(`/parking?${query}`);
  };
  const denied = () => { said.textContent = said.dataset.denied; };
  if (!navigator.geolocation) return denied();
  return navigator.geolocation.getCurrentPosition(found, denied, { timeout: 10_000, maximumAge: 60_000 });
}

async function draw() {
  const maplibre = await import("/static/vendor/maplibre/maplibre-gl.mjs");
  part.hidden = false;
  const map = new maplibre.Map({
    container: box,
    style: box.dataset.style || ground(),
    center: here,
    zoom: 14,
    dragRotate: false,
    attributionControl: Boolean(box.dataset.style),
    fadeDuration: 0,
  });
  map.addControl(new maplibre.NavigationControl({ showCompass: false }));
  map.addControl(new maplibre.ScaleControl({ unit: "metric" }));
  addTowns(map, maplibre);
  new maplibre.Marker({ element: sign("here", box.dataset.here) }).setLngLat(here).addTo(map);
  addLots(map, maplibre);
  fit(map, maplibre);
  partPins(map);
  for (const moved of ["move", "resize", "idle"]) map.on(moved, () => partPins(map));
  lookAgain(map);
  document.getElementById("mine").addEventListener("click", askPosition);
  map.once("idle", () => { box.dataset.drawn = "yes"; });
}

draw().catch(() => { part.hidden = true; });
