// Draws the charts and switches language and theme. Every figure that people read comes as text with the page;
// numbers made here only place shapes.
(() => {
  "use strict";
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const months = document.title;
  const state = { lang: "zh", theme: "light", printing: false };
  const charts = new Map();

  // What the reader chose stays in this browser, where it lets us; #lang=en in the address comes first.
  const remembered = (key) => {
    const named = new URLSearchParams(location.hash.slice(1)).get(key);
    if (named) return named;
    try {
      return localStorage.getItem(`liangqing-report-${key}`);
    } catch {
      return null;
    }
  };
  const remember = (key, value) => {
    try {
      localStorage.setItem(`liangqing-report-${key}`, value);
    } catch {
      // It is only forgotten.
    }
  };

  const text = (words) => words[state.lang];
  const say = (zh, en) => (state.lang === "zh" ? zh : en);
  const names = () => data.flows.names.map(text);
  // Fen as text, for placing shapes alone.
  const yuan = (fen) => Number(fen) / 100;
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const narrow = () => !state.printing && window.innerWidth < 620;

  const short = (value) => {
    const size = Math.abs(value);
    const [unit, name] =
      state.lang === "zh"
        ? size >= 1e8 ? [1e8, " 亿元"] : size >= 1e4 ? [1e4, " 万元"] : [1, " 元"]
        : size >= 1e9 ? [1e9, " bn"] : size >= 1e6 ? [1e6, " m"] : size >= 1e3 ? [1e3, " k"] : [1, ""];
    const sign = state.lang === "zh" ? "" : "¥";
    return `${value < 0 ? "-" : ""}${sign}${Number((size / unit).toPrecision(3))}${name}`;
  };

  // A tooltip as elements, never as markup: what stands in it may come from a delivery.
  const tip = (title, lines) => {
    const box = document.createElement("div");
    box.className = "tip";
    const head = document.createElement("b");
    head.textContent = title;
    box.append(head);
    for (const line of lines) {
      const row = document.createElement("div");
      row.textContent = line;
      box.append(row);
    }
    return box;
  };

  const base = () => ({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("ink"), fontSize: 13 },
    color: ["c-blue", "c-orange", "c-green", "c-red", "c-grey"].map(colour),
    tooltip: {
      confine: true,
      backgroundColor: colour("paper"),
      borderColor: colour("c-grey"),
      textStyle: { color: colour("ink") },
    },
  });
  const label = (more) => ({ color: colour("ink"), fontSize: 13, ...more });
  const categories = (values, more) => ({
    type: "category",
    data: values,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: colour("c-grey") } },
    axisLabel: label({ interval: 0 }),
    ...more,
  });
  const amounts = (more) => ({
    type: "value",
    axisLabel: label({ color: colour("muted"), hideOverlap: true, formatter: short }),
    splitLine: { lineStyle: { color: colour("faint") } },
    splitNumber: narrow() ? 3 : 5,
    ...more,
  });
  const legend = (more) => ({ top: 0, left: 0, itemGap: 20, textStyle: label(), icon: "rect", itemHeight: 10, itemWidth: 14, ...more });

  const heat = () => {
    const cells = data.flows.cells.filter((cell) => yuan(cell.fen) > 0);
    const logs = cells.map((cell) => Math.log10(yuan(cell.fen)));
    // Nine of ten cells are on the scale; what is below has its palest colour.
    const sorted = [...logs].sort((a, b) => a - b);
    const low = Math.floor(sorted[Math.floor(sorted.length / 10)] ?? 0);
    const high = Math.max(low + 1, ...[1, 2, 5, 10].map(Math.log10).map((step) => step + Math.floor(sorted.at(-1) ?? 1)).filter((step) => step >= (sorted.at(-1) ?? 1)).slice(0, 1));
    const axis = { splitLine: { show: true, lineStyle: { color: colour("faint") } }, axisLine: { show: false } };
    const size = state.printing ? 9 : 12;
    const provinces = names();
    return {
      ...base(),
      grid: { left: state.lang === "zh" ? 56 : 100, right: 4, top: state.lang === "zh" ? 64 : 116, bottom: 64 },
      xAxis: categories(provinces, { ...axis, position: "top", axisLabel: label({ interval: 0, rotate: state.lang === "zh" ? 60 : 90, fontSize: size }) }),
      yAxis: categories(provinces, { ...axis, inverse: true, axisLabel: label({ interval: 0, fontSize: size }) }),
      visualMap: {
        min: low, max: high, calculable: false, orient: "horizontal", left: narrow() ? 0 : "center", bottom: 0, itemWidth: 14, itemHeight: 260,
        text: [short(10 ** high), `≤ ${short(10 ** low)}`], textStyle: label(),
        inRange: { color: [0, 1, 2, 3, 4].map((step) => colour(`heat-${step}`)) },
      },
      tooltip: {
        ...base().tooltip,
        formatter: ({ data: { cell } }) =>
          tip(`${provinces[cell.insured]} → ${provinces[cell.treating]}`, [
            say(`应付 ${cell.shown} 元`, `Payable ${cell.shown} yuan`),
            say(`${cell.visits} 人次`, `${cell.visits} visits`),
          ]),
      },
      series: [{
        type: "heatmap",
        data: cells.map((cell, at) => ({ value: [cell.treating, cell.insured, logs[at]], cell })),
        itemStyle: { borderColor: colour("paper"), borderWidth: 1 },
        emphasis: { itemStyle: { borderColor: colour("ink"), borderWidth: 2 } },
      }],
    };
  };

  const sankey = () => {
    const provinces = names();
    const flows = data.flows.largest;
    const side = (prefix, key, place) =>
      [...new Set(flows.map((flow) => flow[key]))].sort((a, b) => a - b).map((province) => ({
        name: `${prefix}${province}`,
        depth: place,
        itemStyle: { color: place === 0 ? colour("c-blue") : colour("c-orange") },
        label: { position: place === 0 ? "left" : "right", formatter: provinces[province] },
      }));
    const edge = narrow() ? (state.lang === "zh" ? 52 : 84) : 110;
    return {
      ...base(),
      tooltip: {
        ...base().tooltip,
        formatter: ({ dataType, data: item, value }) =>
          dataType === "edge"
            ? tip(`${provinces[item.flow.insured]} → ${provinces[item.flow.treating]}`, [
                say(`应付 ${item.flow.shown} 元`, `Payable ${item.flow.shown} yuan`),
                say(`${item.flow.visits} 人次`, `${item.flow.visits} visits`),
              ])
            : tip(provinces[Number(item.name.slice(1))], [short(value)]),
      },
      series: [{
        type: "sankey",
        left: edge, right: edge, top: 8, bottom: 8,
        nodeWidth: 12, nodeGap: 8, layoutIterations: 48, draggable: false,
        data: [...side("i", "insured", 0), ...side("t", "treating", 1)],
        links: flows.map((flow) => ({ source: `i${flow.insured}`, target: `t${flow.treating}`, value: yuan(flow.fen), flow })),
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        emphasis: { focus: "adjacency", lineStyle: { opacity: 0.6 } },
        label: label(),
      }],
    };
  };

  const provinces = () => {
    const rows = data.flows.provinces;
    const bar = (name, key, sign, tone) => ({
      name, type: "bar", stack: "sides", barCategoryGap: "35%",
      data: rows.map((row) => sign * yuan(row[key])),
      itemStyle: { color: colour(tone) },
    });
    return {
      ...base(),
      legend: legend({ data: [say("应付", "Payable"), say("应收", "Receivable"), { name: say("净额（参考）", "Net (reference)"), icon: "diamond" }] }),
      grid: { left: state.lang === "zh" ? 60 : 106, right: 20, top: 36, bottom: 28 },
      xAxis: amounts({ axisLabel: label({ color: colour("muted"), hideOverlap: true, formatter: (value) => short(Math.abs(value)) }) }),
      yAxis: categories(names(), { inverse: true, axisLine: { show: false } }),
      tooltip: {
        ...base().tooltip,
        trigger: "axis",
        axisPointer: { type: "shadow" },
        formatter: ([first]) => {
          const row = rows[first.dataIndex];
          return tip(text(row.name), [
            say(`应付 ${row.shown[0]} 元`, `Payable ${row.shown[0]} yuan`),
            say(`应收 ${row.shown[1]} 元`, `Receivable ${row.shown[1]} yuan`),
            say(`净额 ${row.shown[2]} 元（仅供参考）`, `Net ${row.shown[2]} yuan (for reference)`),
          ]);
        },
      },
      series: [
        bar(say("应付", "Payable"), "pay", -1, "c-blue"),
        bar(say("应收", "Receivable"), "receive", 1, "c-orange"),
        {
          name: say("净额（参考）", "Net (reference)"), type: "line", lineStyle: { width: 0 }, symbol: "diamond", symbolSize: 9, z: 5,
          data: rows.map((row) => (row.pay === "0" && row.receive === "0" ? null : yuan(row.net))),
          itemStyle: { color: colour("ink"), borderColor: colour("paper"), borderWidth: 1 },
        },
      ],
    };
  };

  // Groups of breaks as bars with their count at the end.
  const groups = (rows, tone) => () => ({
    ...base(),
    grid: { left: 4, right: 64, top: 4, bottom: 4, containLabel: true },
    xAxis: amounts({ show: false }),
    yAxis: categories(rows.map((row) => text(row.name)), { inverse: true, axisLine: { show: false } }),
    tooltip: {
      ...base().tooltip,
      formatter: ({ dataIndex }) => {
        const row = rows[dataIndex];
        return tip(text(row.name), [
          say(`${row.shown[0]} 笔`, `${row.shown[0]} breaks`),
          say(`争议 ${row.shown[1]} 元`, `${row.shown[1]} yuan at stake`),
        ]);
      },
    },
    series: [{
      type: "bar", barMaxWidth: 18,
      data: rows.map((row) => Number(row.count)),
      itemStyle: { color: colour(tone) },
      label: label({ show: true, position: "right", formatter: ({ dataIndex }) => rows[dataIndex].shown[0] }),
    }],
  });

  const line = (value, place, format, tone) => () => ({
    ...base(),
    grid: { left: 8, right: 24, top: 28, bottom: 4, containLabel: true },
    xAxis: categories(data.trend.map((point) => point.period), { boundaryGap: data.trend.length <= 6, axisLabel: label({ hideOverlap: true }) }),
    yAxis: amounts({ scale: place === 2, axisLabel: label({ color: colour("muted"), formatter: format }), splitNumber: 3 }),
    tooltip: {
      ...base().tooltip,
      trigger: "axis",
      formatter: ([first]) => tip(data.trend[first.dataIndex].period, [data.trend[first.dataIndex].shown[place]]),
    },
    series: [{
      type: "line", symbol: "circle", symbolSize: 8,
      data: data.trend.map(value),
      lineStyle: { width: 2.5, color: colour(tone) },
      itemStyle: { color: colour(tone) },
      label: label({ show: data.trend.length <= 6, position: "top", formatter: ({ dataIndex, value: shown }) => (place === 0 ? short(shown) : data.trend[dataIndex].shown[place]) }),
    }],
  });

  const payers = () => {
    const kinds = [
      [say("按时付清", "Paid on time"), "c-green"],
      [say("逾期付清", "Paid late"), "c-orange"],
      [say("部分付款", "Paid in part"), "c-blue"],
      [say("未付", "Open"), "c-grey"],
    ];
    return {
      ...base(),
      legend: legend({ data: kinds.map(([name]) => name) }),
      grid: { left: 4, right: 20, top: narrow() ? 56 : 36, bottom: 4, containLabel: true },
      xAxis: { ...amounts({ minInterval: 1 }), axisLabel: label({ color: colour("muted") }) },
      yAxis: categories(data.payers.map((payer) => text(payer.name)), { inverse: true, axisLine: { show: false } }),
      tooltip: {
        ...base().tooltip,
        trigger: "axis",
        axisPointer: { type: "shadow" },
        formatter: ([first]) => {
          const payer = data.payers[first.dataIndex];
          return tip(text(payer.name), kinds.map(([name], at) => `${name} ${payer.shown[at]}`));
        },
      },
      series: kinds.map(([name, tone], at) => ({
        name, type: "bar", stack: "all", barMaxWidth: 18,
        data: data.payers.map((payer) => payer.counts[at]),
        itemStyle: { color: colour(tone), borderColor: colour("paper"), borderWidth: 1 },
      })),
    };
  };

  const options = {
    heat, sankey, provinces, payers,
    classes: groups(data.breaks.classes, "c-blue"),
    ages: groups(data.breaks.ages, "c-blue"),
    late: groups(data.breaks.late, "c-orange"),
    gross: line((point) => yuan(point.gross), 0, short, "c-blue"),
    rate: line((point) => (point.rate === null ? null : Number(point.rate)), 2, (value) => `${value} %`, "c-green"),
    carried: line((point) => Number(point.carried), 3, (value) => `${value}`, "c-orange"),
    age: line((point) => Number(point.age), 5, (value) => `${value}`, "c-red"),
  };

  // Bars get the height that their number asks for.
  const height = (name) => {
    if (name === "sankey") {
      const ends = ["insured", "treating"].map((key) => new Set(data.flows.largest.map((flow) => flow[key])).size);
      return Math.min(620, 100 + 60 * Math.max(...ends));
    }
    const rows = { classes: data.breaks.classes.length, ages: data.breaks.ages.length, late: data.breaks.late.length, payers: data.payers.length + 2 }[name];
    return rows === undefined ? null : Math.max(90, (state.printing ? 22 : 30) * rows + 16);
  };

  // A printed page is 184 mm wide inside its margins.
  const PAPER = 690;
  const ON_PAPER = { heat: 590, sankey: 290, provinces: 560 };
  const draw = () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const name = place.dataset.chart;
      const tall = state.printing ? ON_PAPER[name] ?? height(name) : height(name);
      place.style.height = tall === null ? "" : `${tall}px`;
      const half = place.closest(".columns") !== null;
      place.style.width = state.printing ? `${half ? PAPER / 2 - 14 : PAPER}px` : "";
      let chart = charts.get(name);
      if (!chart) {
        chart = echarts.init(place, null, { renderer: "svg" });
        charts.set(name, chart);
      }
      chart.resize();
      chart.setOption(options[name](), true);
    }
  };

  const apply = () => {
    root.lang = state.lang === "zh" ? "zh-CN" : "en";
    root.dataset.lang = state.lang;
    root.dataset.theme = state.printing ? "light" : state.theme;
    document.title = state.lang === "zh" ? months : months.replace("跨省异地就医清算月报", "Cross-province clearing report");
    for (const button of document.querySelectorAll("[data-set-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setLang === state.lang));
    }
    document.querySelector("[data-theme-switch]").setAttribute("aria-pressed", String(state.theme === "dark"));
    draw();
  };

  // Long tables show their first rows; the others on demand and in print.
  const fold = (table) => {
    const limit = Number(table.dataset.fold);
    const rows = [...table.tBodies[0].rows].slice(limit);
    if (rows.length === 0) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "more";
    const show = (open) => {
      rows.forEach((row) => row.classList.toggle("folded", !open));
      button.setAttribute("aria-expanded", String(open));
      const zh = document.createElement("span");
      zh.lang = "zh-CN";
      zh.textContent = open ? "收起" : `显示其余 ${rows.length} 行`;
      const en = document.createElement("span");
      en.lang = "en";
      en.textContent = open ? "Show fewer" : `Show ${rows.length} more`;
      button.replaceChildren(zh, en);
    };
    button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
    table.closest(".scroll").after(button);
    show(false);
  };

  for (const button of document.querySelectorAll("[data-set-lang]")) {
    button.addEventListener("click", () => {
      state.lang = button.dataset.setLang;
      remember("lang", state.lang);
      apply();
    });
  }
  document.querySelector("[data-theme-switch]").addEventListener("click", () => {
    state.theme = state.theme === "dark" ? "light" : "dark";
    remember("theme", state.theme);
    apply();
  });
  document.querySelector("[data-print]").addEventListener("click", () => window.print());
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", () => {
    if (remembered("theme")) return;
    state.theme = system.matches ? "dark" : "light";
    apply();
  });
  const opened = [];
  window.addEventListener("beforeprint", () => {
    state.printing = true;
    for (const more of document.querySelectorAll("[data-open-in-print]:not([open])")) {
      more.open = true;
      opened.push(more);
    }
    apply();
  });
  window.addEventListener("afterprint", () => {
    state.printing = false;
    opened.splice(0).forEach((more) => { more.open = false; });
    apply();
  });
  let pending = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => { if (!state.printing) draw(); });
  });

  state.lang = remembered("lang") === "en" ? "en" : "zh";
  state.theme = remembered("theme") ?? (system.matches ? "dark" : "light");
  document.querySelectorAll("table[data-fold]").forEach(fold);
  apply();
})();
