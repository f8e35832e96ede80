/* Draws what the server describes (warehouse/console/charts.py) with ECharts, in the page's own colours. */
"use strict";

const PALETTE = ["#0f766e", "#b45309", "#4b5f8a", "#a2335c", "#5b7f1d", "#6d3f9c", "#2f7fb5", "#8a5a00", "#7a7f85", "#c0563b", "#3d8f72", "#9b6fb0"];

function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function number(value, percent) {
  if (value === null || value === undefined) return "–";
  const form = percent ? {style: "percent", maximumFractionDigits: 1} : {maximumSignificantDigits: 6};
  return Number(value).toLocaleString(document.documentElement.lang, form);
}

function frame(chart) {
  const text = {color: colour("--soft")}, line = {lineStyle: {color: colour("--line")}};
  const value = {type: "value", axisLabel: {...text, hideOverlap: true, formatter: (one) => number(one, chart.percent)}, splitLine: line};
  const label = {type: "category", data: chart.labels, axisLabel: {...text, hideOverlap: true, width: 140, overflow: "truncate"}, axisLine: line, axisTick: {show: false}};
  return {text, value, label};
}

function lines(chart) {
  const {text, value, label} = frame(chart), band = new Set(chart.band || []);
  const series = chart.series.map((one) => ({
    name: one.name, type: "line", data: one.values, symbolSize: 5, showSymbol: chart.labels.length < 40, smooth: false,
    lineStyle: band.has(one.name) ? {width: 1, type: "dashed"} : {width: 2}, emphasis: {focus: "series"},
  }));
  if (chart.marked && chart.marked.length) {
    series[0].markPoint = {symbolSize: 34, itemStyle: {color: colour("--rejected")}, data: chart.marked.map((at) => ({coord: [at, chart.series[0].values[at]], value: "!"}))};
  }
  return {xAxis: {...label, boundaryGap: false, axisLabel: {...label.axisLabel, alignMinLabel: "left", alignMaxLabel: "right"}}, yAxis: value, series, legend: legend(chart, text)};
}

function bars(chart, stack) {
  const {text, value, label} = frame(chart), lying = !stack && chart.labels.some((one) => one.length > 14);
  const series = chart.series.map((one) => ({name: one.name, type: "bar", data: one.values, stack: stack ? "all" : undefined, barMaxWidth: 42, itemStyle: {borderRadius: stack ? 0 : 3}}));
  if (series.length === 1 && chart.labels.length <= 12) series[0].label = {show: true, position: lying ? "right" : "top", color: colour("--ink"), formatter: (one) => number(one.value, chart.percent)};
  // Names beside each other are broken into lines, as long as there is room for a word.
  const room = chart.wide / chart.labels.length - 8;
  if (!lying && !stack && room > 60) label.axisLabel = {...label.axisLabel, hideOverlap: false, interval: 0, width: room, overflow: "break"};
  const axes = lying ? {yAxis: {...label, inverse: true}, xAxis: value} : {xAxis: label, yAxis: value};
  return {...axes, series, legend: legend(chart, text)};
}

function heat(chart) {
  const {text} = frame(chart), cells = [];
  chart.series.forEach((row, y) => row.values.forEach((one, x) => { if (one !== null) cells.push([x, y, one]); }));
  return {
    xAxis: {type: "category", data: chart.labels, position: "top", axisLabel: text, axisLine: {show: false}, axisTick: {show: false}},
    yAxis: {type: "category", data: chart.rows, inverse: true, axisLabel: {...text, width: 130, overflow: "truncate"}, axisLine: {show: false}, axisTick: {show: false}},
    visualMap: {min: 0, max: Math.max(...cells.map((one) => one[2]), 0.01), show: false, inRange: {color: [colour("--wash"), colour("--accent")]}},
    series: [{type: "heatmap", data: cells, label: {show: chart.labels.length <= 14 && (chart.wide - 140) / chart.labels.length > 46, formatter: (one) => number(one.value[2], chart.percent)}}],
  };
}

function flow(chart) {
  const names = [...new Set(chart.links.flatMap((one) => [one.source, one.target]))];
  return {series: [{type: "sankey", nodeAlign: "left", data: names.map((name) => ({name})), links: chart.links, label: {color: colour("--ink"), width: 150, overflow: "truncate"},
    lineStyle: {color: "gradient", opacity: 0.35}, emphasis: {focus: "adjacency"}, nodeGap: 10, left: 4, right: 160, top: 8, bottom: 8}]};
}

/* The most nodes that stand above one another: those of one step. */
function crowd(links) {
  const steps = new Map();
  for (const name of new Set(links.flatMap((one) => [one.source, one.target]))) {
    const step = name.split(".", 1)[0];
    steps.set(step, (steps.get(step) || 0) + 1);
  }
  return Math.max(...steps.values(), 1);
}

function legend(chart, text) {
  return chart.series.length > 1 ? {type: "scroll", bottom: 0, textStyle: text, pageTextStyle: text} : undefined;
}

const drawn = new Set();
const DRAW = {line: lines, bar: (chart) => bars(chart, false), stack: (chart) => bars(chart, true), heat, flow};

/* How the table beside the picture names what was clicked (warehouse/console/picks.py). */
function named(chart, clicked) {
  if (chart.kind === "heat") return `${chart.rows[clicked.value[1]]}|${chart.labels[clicked.value[0]]}`;
  if (chart.kind !== "flow") return `${chart.keys[clicked.seriesName]}|${chart.places[clicked.name]}`;
  return clicked.dataType === "edge" ? `${clicked.data.source}>${clicked.data.target}` : clicked.name;
}

function follow(figure, chart, clicked) {
  const key = named(chart, clicked), links = figure.parentElement.querySelectorAll("a[data-pick]");
  const link = [...links].find((one) => one.dataset.pick === key);
  if (link) link.click();
}

/* Names of ours in the page's language; `keys` (series) and `places` (labels) lead back to what the table beside the picture calls them. */
function worded(chart) {
  const words = new Map(Object.entries(JSON.parse(document.getElementById("series-words").textContent)));
  const said = (name) => (chart.ours && words.get(name)) || name;
  const label = (name) => (chart.labels_of && words.get(chart.labels_of + name)) || name;
  const keys = Object.fromEntries(chart.series.map((one) => [said(one.name), one.name]));
  const places = Object.fromEntries(chart.labels.map((one) => [label(one), one]));
  return {...chart, keys, places, band: (chart.band || []).map(said), labels: chart.labels.map(label), series: chart.series.map((one) => ({...one, name: said(one.name)}))};
}

function draw(figure) {
  const data = figure.parentElement.querySelector(".chart-data");
  const described = JSON.parse(data.textContent), chart = worded({labels: [], series: [], rows: [], links: [], wide: figure.clientWidth, ...described});
  figure.hidden = !DRAW[chart.kind];  // there is nothing to draw yet
  if (figure.hidden) return null;
  if (chart.kind === "heat") figure.style.height = `${Math.max(12, 5 + 1.9 * chart.rows.length)}rem`;
  if (chart.kind === "flow") figure.style.height = `${Math.max(24, 1.9 * crowd(chart.links))}rem`;
  if (chart.kind === "bar" && chart.labels.length > 12) figure.style.height = `${Math.max(24, 5 + 1.7 * chart.labels.length)}rem`;
  const shown = echarts.getInstanceByDom(figure) || echarts.init(figure, null, {renderer: "canvas"});
  drawn.add(shown);
  shown.off("click");
  shown.on("click", (clicked) => follow(figure, chart, clicked));
  shown.setOption({
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches, color: PALETTE, backgroundColor: "transparent",
    textStyle: {fontFamily: getComputedStyle(document.body).fontFamily},
    grid: {left: 8, right: chart.kind === "bar" ? 44 : 24, top: 20, bottom: chart.series.length > 1 && chart.kind !== "heat" ? 36 : 8, containLabel: true},
    // As text on the canvas: styles within made-up HTML are not allowed on this page.
    tooltip: {renderMode: "richText", confine: true, trigger: chart.kind === "line" || chart.kind === "stack" ? "axis" : "item", valueFormatter: (one) => number(one, chart.percent)},
    ...DRAW[chart.kind](chart),
  }, true);
  return shown;
}

/* Pictures whose place on the page another answer has taken would stay in memory. */
function drawNew() {
  for (const one of drawn) if (!one.getDom().isConnected) { drawn.delete(one); one.dispose(); }
  for (const figure of document.querySelectorAll("figure.chart")) if (!echarts.getInstanceByDom(figure)) draw(figure);
}

function drawAll(root) { for (const figure of root.querySelectorAll("figure.chart")) draw(figure); }

function savePicture(button) {
  const figure = document.querySelector(`figure.chart[data-name="${button.dataset.png}"]`);
  const link = document.createElement("a");
  link.href = echarts.getInstanceByDom(figure).getDataURL({pixelRatio: 2, backgroundColor: colour("--card")});
  link.download = `${button.dataset.png}.png`;
  link.click();
}

document.addEventListener("DOMContentLoaded", () => drawAll(document));
document.addEventListener("htmx:after:swap", drawNew);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-png]");
  if (button) savePicture(button);
});
addEventListener("resize", () => { for (const figure of document.querySelectorAll("figure.chart")) { const one = echarts.getInstanceByDom(figure); if (one) one.resize(); } });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));

const began = Date.now();
const counting = setInterval(() => {
  const places = document.querySelectorAll("[data-elapsed]");
  if (places.length === 0) clearInterval(counting);
  for (const place of places) place.textContent = `${Math.round((Date.now() - began) / 1000)} s`;
}, 1000);
