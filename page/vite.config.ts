import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { chunks } from "./chunks.ts";
import { documents } from "./document.ts";
import { sizes } from "./sizes.ts";
import { texts } from "./texts/plugin.ts";

/** Where the API is in development: the sandbox. */
const sandbox = process.env.SANDBOX ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [texts(), react(), chunks(), documents(), sizes()],
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
    rolldownOptions: { input: ["index.html", "join.html"] },
  },
});
