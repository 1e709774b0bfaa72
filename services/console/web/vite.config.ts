import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/**
 * The generated code holds the contract's descriptors as base64, which compresses
 * badly: as text they are smaller on the way to the browser.
 */
const descriptors: Plugin = {
  name: "descriptors-as-text",
  transform: {
    filter: { id: /_pb\.ts$/ },
    handler: (code) =>
      code.replace(/fileDesc\("([A-Za-z0-9+/=]+)"/, (_, base64: string) => `fileDesc(btoa(${JSON.stringify(Buffer.from(base64, "base64").toString("latin1"))})`),
  },
};

/** Parts of libraries that others load and that this page never uses, or has smaller, and what stands for them. */
const unused = [
  { from: /@ag\.ds-next/, to: /^react-focus-lock$/, by: "src/parts/FocusLock.tsx" },
  { from: /query-core/, to: /\/infiniteQueryBehavior\.js$/, by: "src/unused/infiniteQuery.ts" },
  { from: /app-layout/, to: /dropdown-menu\//, by: "src/unused/dropdownMenu.ts" },
  { from: /@bufbuild\/protobuf/, to: /\/from-json\.js$/, by: "src/unused/fromJson.ts" },
  { from: /@bufbuild\/protobuf/, to: /\/to-json\.js$/, by: "src/unused/toJson.ts" },
];

const leaveOut: Plugin = {
  name: "leave-out",
  enforce: "pre",
  resolveId(source, importer = "") {
    const found = unused.find((u) => u.from.test(importer) && u.to.test(source));
    return found ? fileURLToPath(new URL(found.by, import.meta.url)) : null;
  },
};

export default defineConfig({
  plugins: [leaveOut, descriptors, react()],
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
      treeshake: {
        manualPureFunctions: ["createIcon", "jsx", "jsxs", "createContext", "forwardRef"],
        moduleSideEffects: [{ test: /node_modules/, sideEffects: false }],
      },
    },
  },
});
