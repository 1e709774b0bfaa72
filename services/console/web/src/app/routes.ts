/**
 * The addresses of the console's screens. The service answers exactly these with
 * the page: services/console/internal/app/app.go has them too, and a browser test
 * opens each.
 */
export const routes = {
  home: "/",
  queue: "/queue",
  submission: "/submissions/:id",
} as const;

export const submissionPath = (id: string) => `/submissions/${encodeURIComponent(id)}`;
