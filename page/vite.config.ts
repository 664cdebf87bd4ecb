import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { chunks } from "./chunks";
import { documents } from "./document";
import { sizes } from "./sizes";
import { texts } from "./texts/plugin";

/** Where the API is in development: the sandbox. */
const sandbox = process.env.SANDBOX ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [texts(), react(), documents(), sizes()],
  server: {
    proxy: { "/v1": sandbox, "/sandbox": sandbox, "/config.json": sandbox },
  },
  build: {
    target: "es2022",
    // A strict Content-Security-Policy allows neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    // The application, and the landing of an invitation, which needs none of it.
    rollupOptions: {
      input: ["index.html", "join.html"],
      output: { manualChunks: chunks() },
    },
  },
});
