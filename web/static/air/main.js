// Draws what the page already says: charts from its tables, the map from its list, a whole year when asked.

import { drawDays, drawHours, readSeries, readTable } from "./charts.js";

const charts = document.querySelectorAll(".chart");
const button = document.getElementById("whole");

async function drawChart(figure) {
  const box = figure.querySelector(".draw");
  const found = readTable(document.getElementById(figure.dataset.of));
  figure.hidden = false;
  const draw = figure.dataset.kind === "days" ? drawDays : drawHours;
  await draw(box, found, figure.dataset.unit);
  figure.dataset.drawn = "yes";
}

async function drawWhole(words) {
  const said = document.getElementById("said");
  const room = document.getElementById("drawn");
  try {
    const answer = await fetch(button.dataset.from);
    if (!answer.ok) throw new Error(String(answer.status));
    const body = await answer.json();
    room.replaceChildren();
    for (const one of readSeries(body)) {
      const figure = document.createElement("figure");
      figure.className = "chart";
      const box = document.createElement("div");
      box.className = "draw";
      box.setAttribute("role", "img");
      box.setAttribute("aria-label", words.names[one.code] ?? one.code);
      const name = document.createElement("figcaption");
      name.textContent = words.names[one.code] ?? one.code;
      figure.append(name, box);
      room.append(figure);
      await drawHours(box, one, one.unit);
    }
    said.textContent = `${words.done.replace("{count}", String(body.count))} ${room.dataset.how}`;
    room.dataset.drawn = "yes";
  } catch {
    said.textContent = words.failed;
  }
}

for (const figure of charts) {
  drawChart(figure).catch(() => {
    figure.hidden = true;
    document.getElementById(figure.dataset.of).closest("details").open = true;
  });
}

const box = document.getElementById("map");
if (box) {
  const part = document.querySelector(".map-part");
  const rows = [...document.querySelectorAll(".sites > li")].filter((row) => row.dataset.lat);
  import("./map.js").then(({ drawMap }) => drawMap(part, box, rows)).catch(() => { part.hidden = true; });
}

if (button) {
  button.hidden = false;
  const words = JSON.parse(document.getElementById("words").textContent);
  button.addEventListener("click", () => drawWhole(words));
}
