// Draws <canvas data-metric-chart="ID"> from the JSON of that id: components/metric_chart.html
// says what is in it. Chart.js and its annotation plugin are loaded before, as `window.Chart`.
const DAY = 86_400_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const charts = new Map();

const at = (text) => new Date(text).getTime();

const day = (time) => {
  const date = new Date(time);
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
};

// Where months fit better than days: their first days, at most seven of them.
const monthStarts = (first, last) => {
  const months = (last - first) / (30.4 * DAY);
  const step = [1, 2, 3, 6, 12].find((size) => months / size <= 7) ?? 24;
  const start = new Date(first);
  const found = [];
  for (let month = start.getMonth() + 1; ; month += 1) {
    const date = new Date(start.getFullYear(), month, 1);
    if (date.getTime() > last) return found;
    if (date.getMonth() % step === 0) found.push(date.getTime());
  }
};

// The year stands with the first, and with each January.
const tick = (time, index, ticks) => {
  const date = new Date(time);
  if (ticks.length > 1 && date.getDate() !== 1) return day(time).slice(0, -5);
  const isLong = ticks.at(-1).value - ticks[0].value > 330 * DAY; // and January may be left out
  const isDated = isLong || index === 0 || date.getMonth() === 0;
  return isDated ? `${MONTHS[date.getMonth()]} ${date.getFullYear()}` : MONTHS[date.getMonth()];
};

// The colours are CSS variables with a light and a dark value: what they come to, the browser
// only tells of an element that has them.
const colours = () => {
  const probe = document.body.appendChild(document.createElement("span"));
  const read = (name) => {
    probe.style.color = `var(--gh-${name})`;
    return getComputedStyle(probe).color;
  };
  const names = ["ink", "quiet", "line", "paper", "accent", "fine", "warning"];
  const found = Object.fromEntries(names.map((name) => [name, read(name)]));
  probe.remove();
  return found;
};

const level = (line, name, colour, palette, { dash = [], position, above }) => ({
  type: "line",
  yMin: line.value,
  yMax: line.value,
  borderColor: colour,
  borderWidth: 1.5,
  borderDash: dash,
  label: {
    display: true,
    content: `${name} ${line.words}`,
    position,
    yAdjust: above ? -10 : 10,
    drawTime: "beforeDatasetsDraw", // never over a point
    padding: { x: 4, y: 1 },
    backgroundColor: palette.paper,
    color: colour,
    font: { size: 12, weight: 600 },
  },
});

// Which stages' names have room: the newest first, none over another.
const named = (chart, stages) => {
  const { x } = chart.scales;
  const shown = new Set();
  let edge = Infinity;
  for (const [index, stage] of [...stages.entries()].reverse()) {
    const half = chart.ctx.measureText(stage.label).width / 2 + 6;
    const middle = x.getPixelForValue(at(stage.x));
    if (middle + half > edge) continue;
    shown.add(index);
    edge = middle - half;
  }
  return shown;
};

const change = (stage, index, stages, palette) => ({
  type: "line",
  xMin: at(stage.x),
  xMax: at(stage.x),
  borderColor: palette.line,
  borderWidth: 1,
  label: {
    display: ({ chart }) => named(chart, stages).has(index),
    content: stage.label,
    position: "end",
    yAdjust: -12,
    padding: { x: 4, y: 1 },
    backgroundColor: palette.paper,
    color: palette.quiet,
    font: { size: 12, weight: 400 },
  },
});

// How far the values at one end of the chart keep from a line.
const room = (data, line, end) => {
  const { min, max } = span(data);
  const third = (max - min) * 0.4;
  const near = data.points.filter(({ x }) => (end === "start" ? at(x) < min + third : at(x) > max - third));
  return Math.min(...near.map(({ y }) => Math.abs(y - line.value)));
};

// A line is labelled where the data is not: at the end that is freer.
const side = (data, line, wished) => {
  const other = wished === "start" ? "end" : "start";
  return room(data, line, wished) >= room(data, line, other) ? wished : other;
};

// Of two bounds the better one is labelled on its better side.
const lines = (data, palette) => {
  const lower = data.better === "lower";
  const { baseline, threshold, target } = data;
  const stages = data.stages ?? [];
  const found = Object.fromEntries(
    stages.map((stage, index) => [`stage${index}`, change(stage, index, stages, palette)]),
  );
  if (baseline) {
    const look = { dash: [2, 3], position: side(data, baseline, "end"), above: !lower };
    found.baseline = level(baseline, "before", palette.quiet, palette, look);
  }
  if (threshold) {
    const look = { dash: [6, 4], position: side(data, threshold, "start"), above: lower };
    found.threshold = level(threshold, "good enough", palette.warning, palette, look);
  }
  if (target) {
    const look = { position: side(data, target, "start"), above: !lower };
    found.target = level(target, "target", palette.fine, palette, look);
  }
  return found;
};

const bounds = (data) => {
  const values = [data.baseline, data.threshold, data.target].filter(Boolean).map((line) => line.value);
  values.push(...data.points.map((point) => point.y));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least || Math.abs(most) || 1) * 0.15;
  return { min: least >= 0 ? Math.max(0, least - room) : least - room, max: most + room };
};

const span = (data) => {
  const times = [...data.points, ...(data.stages ?? [])].map((point) => at(point.x));
  if (!times.length) return {};
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const room = Math.max((last - first) * 0.04, DAY);
  return { min: first - room, max: last + room };
};

const configuration = (data) => {
  const palette = colours();
  const points = data.points.map((point) => ({ ...point, x: at(point.x) }));
  const ticks = { color: palette.quiet, font: { size: 12 }, maxRotation: 0 };
  return {
    type: "line",
    data: {
      datasets: [
        {
          label: data.label,
          data: points,
          borderColor: palette.accent,
          borderWidth: 2,
          pointRadius: 4,
          pointHoverRadius: 6,
          pointBorderColor: palette.accent,
          // Entered by hand: hollow.
          pointBackgroundColor: points.map((point) => (point.is_automatic ? palette.accent : palette.paper)),
          pointBorderWidth: 2,
        },
      ],
    },
    options: {
      maintainAspectRatio: false,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 300 },
      interaction: { mode: "nearest", axis: "x", intersect: false },
      layout: { padding: { top: 24, right: 8 } },
      scales: {
        x: {
          type: "linear",
          ...span(data),
          grid: { display: false },
          border: { color: palette.line },
          afterBuildTicks: (axis) => {
            if (axis.max - axis.min < 75 * DAY) return;
            axis.ticks = monthStarts(axis.min, axis.max).map((value) => ({ value }));
          },
          ticks: { ...ticks, callback: tick, maxTicksLimit: 6, autoSkipPadding: 24 },
        },
        y: {
          ...bounds(data),
          grid: { color: palette.line },
          border: { display: false },
          ticks: { ...ticks, maxTicksLimit: 6, includeBounds: false, callback: (value) => `${value.toLocaleString("en-GB")} ${data.unit ?? ""}`.trim() },
        },
      },
      plugins: {
        legend: { display: false },
        annotation: { clip: false, annotations: lines(data, palette) },
        tooltip: {
          displayColors: false,
          backgroundColor: palette.ink,
          titleColor: palette.paper,
          bodyColor: palette.paper,
          callbacks: {
            title: ([item]) => day(item.raw.x),
            label: ({ raw }) => `${raw.words ?? raw.y}${raw.is_automatic ? "" : ", entered by hand"}`,
          },
        },
      },
    },
  };
};

const draw = (canvas) => {
  const data = JSON.parse(document.getElementById(canvas.dataset.metricChart).textContent);
  charts.get(canvas)?.destroy();
  charts.set(canvas, new window.Chart(canvas, configuration(data)));
};

const drawAll = (within) => {
  for (const canvas of charts.keys()) {
    if (canvas.isConnected) continue;
    charts.get(canvas).destroy();
    charts.delete(canvas);
  }
  within.querySelectorAll("canvas[data-metric-chart]").forEach(draw);
};

if (window.Chart) {
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawAll(document);
  document.addEventListener("themechange", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
}
