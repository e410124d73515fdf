// Loaded before the styles are painted, so it is neither a module nor inline. See preferences.ts.
try {
  document.documentElement.dataset.theme = localStorage.getItem("earlybird.theme") ?? "system";
} catch {
  // The browser keeps nothing: the theme is that of the system.
}
