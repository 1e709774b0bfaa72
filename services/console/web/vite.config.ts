import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  html: {
    // The service puts each answer's nonce here (services/console/internal/app).
    cspNonce: "CONSOLE_STYLE_NONCE",
  },
  build: {
    outDir: "../internal/app/dist",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    // Data addresses would need more rights in the content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      // The design system makes all its icons and contexts when it is loaded; these
      // calls have no effect but their value, so that what nobody uses is left out.
      treeshake: { manualPureFunctions: ["createIcon", "jsx", "jsxs", "createContext", "forwardRef"] },
    },
  },
});
