import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import platform from "../ops/package.json" with { type: "json" };
import { blockingScript } from "./build/blocking-script.ts";
import { compressed } from "./build/compressed.ts";

export default defineConfig({
  plugins: [react(), blockingScript("src/styles/apply-theme.js"), compressed()],
  // Relative to the <base> that the server computes from the URL.
  base: "",
  define: { __CONSOLE_VERSION__: JSON.stringify(platform.version) },
  build: {
    outDir: "../ops/dist/console/pages",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Else a busy machine prints which plugins took long.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
