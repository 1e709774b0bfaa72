/** Our mark: two ends and the notice that goes from one to the other. */
export function Wordmark() {
  return (
    <svg aria-hidden="true" focusable="false" height="56" viewBox="0 0 32 32" width="56">
      <path d="M8 25V7l16 18V7" fill="none" stroke="currentColor" strokeLinejoin="round" strokeWidth="3" />
      <circle cx="24" cy="7" fill="#f2b632" r="4.5" />
    </svg>
  );
}
