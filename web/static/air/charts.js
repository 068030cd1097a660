// Draws tables as lines. A hole in a table is a hole in the line; a corrected value has a mark of its own.

const COLOURS = ["#0b50d0", "#b3261e", "#0b6b3a", "#8f4a00", "#6a1b9a", "#464c53"];
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4], [1, 2]];
const HEIGHT = 280;
const MARKS = 200;
const DENSE = 2000;
const SEOUL_MINUTES = 540;
let loaded;

function library() {
  loaded ??= import("/static/vendor/uplot/uPlot.esm.js").then((found) => found.default);
  return loaded;
}

// Oldest first, as charts want it: { times: [seconds], names: [], lines: [[…]], marks: [[…]] }.
export function readTable(table) {
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const rows = [...table.tBodies[0].rows].reverse();
  const times = rows.map((row) => Number(row.dataset.t));
  const lines = names.map(() => new Array(rows.length).fill(null));
  const marks = names.map(() => new Array(rows.length).fill(null));
  rows.forEach((row, place) => {
    for (let number = 0; number < names.length; number += 1) {
      const { v, was } = row.cells[number + 1].dataset;
      if (v === undefined) continue;
      lines[number][place] = Number(v);
      if (was !== undefined) marks[number][place] = Number(v);
    }
  });
  return { times, names, lines, marks };
}

// The compact body of /series: { first_end, step_s, count, pollutants: { code: { unit, values, corrected } } }.
export function readSeries(body) {
  const first = Date.parse(body.first_end) / 1000;
  const times = Array.from({ length: body.count }, (_, place) => first + place * body.step_s);
  return Object.entries(body.pollutants).map(([code, line]) => {
    const marks = new Array(body.count).fill(null);
    for (const place of line.corrected) marks[place] = line.values[place];
    return { code, unit: line.unit, times, names: [`${code} (${line.unit})`], lines: [line.values], marks: [marks] };
  });
}

function line(name, number) {
  const colour = COLOURS[number % COLOURS.length];
  return { label: name, stroke: colour, width: 1.5, dash: DASHES[number % DASHES.length], paths: broken, points: { show: false } };
}

// A hole is left out of the path itself. uPlot would cut it out with a clip of a rectangle between any two holes, and a
// year of hours has a hundred: painting that took eight times as long as the line.
function broken(plot, number, first, last) {
  const [times, values] = [plot.data[0], plot.data[number]];
  const { left, top, width, height } = plot.bbox;
  const { x, y } = plot.scales;
  const stroke = new Path2D();
  for (let place = first; place <= last; place += 1) {
    const value = values[place];
    if (value === null) continue;
    const right = left + ((times[place] - x.min) / (x.max - x.min)) * width;
    const down = top + ((y.max - value) / (y.max - y.min)) * height;
    const begins = place === first || values[place - 1] === null;
    const ends = place === last || values[place + 1] === null;
    if (begins) stroke.moveTo(ends ? right - 1 : right, down);
    if (ends || !begins) stroke.lineTo(begins ? right + 1 : right, down);
  }
  return { stroke, fill: null, clip: null, flags: 0 };
}

// A year whose every hour was checked and corrected has thousands: they are drawn where one looks closer.
function areFew(plot, number, first, last) {
  let marks = 0;
  for (let place = first; place <= last && marks <= MARKS; place += 1) if (plot.data[number][place] !== null) marks += 1;
  return marks <= MARKS;
}

function mark(name, number) {
  const colour = COLOURS[number % COLOURS.length];
  return { label: `◇ ${name}`, stroke: colour, paths: () => null, points: { show: areFew, size: 10, width: 2, stroke: colour, fill: "#fff" } };
}

// Korea keeps one offset all year. uPlot's own tzDate writes and reads a text for each tick.
function inSeoul(at) {
  const moment = new Date(at * 1000);
  return new Date(moment.getTime() + (SEOUL_MINUTES + moment.getTimezoneOffset()) * 60_000);
}

function options(uPlot, box, unit, series, bands) {
  return {
    width: Math.max(280, box.clientWidth),
    height: HEIGHT,
    tzDate: inSeoul,
    pxAlign: false,
    series: [{ label: box.closest("[data-moment]").dataset.moment, value: "{YYYY}-{MM}-{DD} {HH}:{mm}" }, ...series],
    bands,
    axes: [
      { stroke: "#464c53", grid: { stroke: "#e6e8ea", width: 1 }, values: [
        [86400 * 28, "{M}", "\n{YYYY}", null, null, null, null, null, 1],
        [86400, "{M}/{D}", "\n{YYYY}", null, null, null, null, null, 1],
        [3600, "{HH}:{mm}", "\n{M}/{D}", null, "\n{M}/{D}", null, null, null, 1],
      ] },
      { stroke: "#464c53", grid: { stroke: "#e6e8ea", width: 1 }, label: unit, size: 56 },
    ],
    cursor: { drag: { x: true, y: false } },
    scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), (high || 1) * 1.08] } },
  };
}

function keepWidth(plot, box) {
  new ResizeObserver(() => plot.setSize({ width: Math.max(280, box.clientWidth), height: HEIGHT })).observe(box);
}

export async function drawHours(box, found, unit) {
  const uPlot = await library();
  const marked = found.marks.map((marks, number) => ({ marks, number })).filter(({ marks }) => marks.some((one) => one !== null));
  const series = [
    ...found.names.map((name, number) => ({ ...line(name, number), width: found.times.length > DENSE ? 1 : 1.5 })),
    ...marked.map(({ number }) => mark(found.names[number], number)),
  ];
  const data = [found.times, ...found.lines, ...marked.map(({ marks }) => marks)];
  const plot = new uPlot(options(uPlot, box, unit, series, []), data, box);
  keepWidth(plot, box);
  return plot;
}

// Columns: mean, lowest, highest, hours. The band is drawn between the two in the middle.
export async function drawDays(box, found, unit) {
  const uPlot = await library();
  const [mean, low, high] = found.lines;
  const edge = (label) => ({ label, stroke: "rgb(11 80 208 / 35%)", width: 1, spanGaps: false, points: { show: false } });
  const series = [line(found.names[0], 0), edge(found.names[1]), edge(found.names[2])];
  const bands = [{ series: [3, 2], fill: "rgb(11 80 208 / 15%)" }];
  const plot = new uPlot(options(uPlot, box, unit, series, bands), [found.times, mean, low, high], box);
  keepWidth(plot, box);
  return plot;
}
