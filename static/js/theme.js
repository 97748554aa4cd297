// Light or dark, set before the first paint; hence a classic script that blocks rendering.
// What a person chose here wins, otherwise the system's wish counts, also while it changes.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  // Storage may be forbidden by the browser's settings; the system's wish is then all we have.
  const chosen = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const remember = (theme) => {
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Then it lasts as long as the page.
    }
  };
  const show = (theme) => {
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("themechange"));
  };
  const wanted = () => chosen() ?? (system.matches ? "dark" : "light");

  show(wanted());
  system.addEventListener("change", () => show(wanted()));
  addEventListener("storage", (event) => event.key === "theme" && show(wanted()));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    remember(theme);
    show(theme);
  });
})();
