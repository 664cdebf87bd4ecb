import { defineConfig } from "vitest/config";
import { texts } from "./texts/plugin.ts";

export default defineConfig({
  plugins: [texts()],
  test: { include: ["src/**/*.test.ts", "texts/**/*.test.ts", "*.test.ts"] },
});
