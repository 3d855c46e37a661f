// Switches language and theme. Every figure comes as text with the page.
"use strict";
(() => {
  const root = document.documentElement;
  const title = document.title;
  const state = { lang: "zh", theme: "light", printing: false };

  // What the reader chose stays in this browser, where it lets us; #lang=en in the address comes first.
  const remembered = (key) => {
    const named = new URLSearchParams(location.hash.slice(1)).get(key);
    if (named) return named;
    try { return localStorage.getItem(`liangqing-${key}`); } catch { return null; }
  };
  const remember = (key, value) => {
    try { localStorage.setItem(`liangqing-${key}`, value); } catch { /* it is asked again */ }
  };

  const show = () => {
    root.lang = state.lang === "zh" ? "zh-CN" : "en";
    root.dataset.lang = state.lang;
    root.dataset.theme = state.printing ? "light" : state.theme;
    document.title = state.lang === "zh" ? title : title.replace("跨省异地就医三方对账", "Daily reconciliation");
    for (const button of document.querySelectorAll("[data-set-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setLang === state.lang));
    }
    document.querySelector("[data-theme-switch]").setAttribute("aria-pressed", String(state.theme === "dark"));
  };

  for (const button of document.querySelectorAll("[data-set-lang]")) {
    button.addEventListener("click", () => {
      state.lang = button.dataset.setLang;
      remember("lang", state.lang);
      show();
    });
  }
  document.querySelector("[data-theme-switch]").addEventListener("click", () => {
    state.theme = state.theme === "dark" ? "light" : "dark";
    remember("theme", state.theme);
    show();
  });
  document.querySelector("[data-print]").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => { state.printing = true; show(); });
  window.addEventListener("afterprint", () => { state.printing = false; show(); });

  const system = window.matchMedia("(prefers-color-scheme: dark)");
  state.lang = remembered("lang") === "en" ? "en" : "zh";
  state.theme = remembered("theme") ?? (system.matches ? "dark" : "light");
  show();
})();
