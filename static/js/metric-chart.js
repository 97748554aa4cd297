// Draws <canvas data-metric-chart="ID"> from the JSON of that id: components/metric_chart.html
// says what is in it. Chart.js and its annotation plugin are loaded before, as `window.Chart`.
const DAY = 86_400_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const charts = new Map();

const at = (text) => new Date(text).getTime();

const day = (time) => {
  const date = new Date(time);
  return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
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
    padding: { x: 4, y: 1 },
    backgroundColor: palette.paper,
    color: colour,
    font: { size: 12, weight: 600 },
  },
});

const change = (stage, palette) => ({
  type: "line",
  xMin: at(stage.x),
  xMax: at(stage.x),
  borderColor: palette.line,
  borderWidth: 1,
  label: {
    display: true,
    content: stage.label,
    position: "end",
    yAdjust: -12,
    padding: { x: 4, y: 1 },
    backgroundColor: palette.paper,
    color: palette.quiet,
    font: { size: 12, weight: 400 },
  },
});

// Labels stand where the data is not: values move from the baseline, at the left, to the bounds,
// at the right. Of two bounds the better one is labelled on its better side.
const lines = (data, palette) => {
  const lower = data.better === "lower";
  const { baseline, threshold, target } = data;
  const found = Object.fromEntries(
    (data.stages ?? []).map((stage, index) => [`stage${index}`, change(stage, palette)]),
  );
  if (baseline) {
    const look = { dash: [2, 3], position: "end", above: !lower };
    found.baseline = level(baseline, "before", palette.quiet, palette, look);
  }
  if (threshold) {
    const look = { dash: [6, 4], position: "start", above: lower };
    found.threshold = level(threshold, "good enough", palette.warning, palette, look);
  }
  if (target) {
    const look = { position: "start", above: !lower };
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
          ticks: { ...ticks, callback: day, maxTicksLimit: 6, autoSkipPadding: 24 },
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
